import fc from "fast-check";
import { expect, test } from "vitest";
import { narthex } from "./gen/narthex.js";
import { ingesterMethods, storeGatewayMethods } from "./methods.ts";

const messages = fc.record({
  series: fc.oneof(
    fc.constant(new Uint8Array(0)),
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.constantFrom(127, 128, 16_383, 16_384).map((length) => new Uint8Array(length).fill(1)),
  ),
  warnings: fc.array(fc.string({ unit: "grapheme" }), { maxLength: 3 }),
});

test("select's hand-made encoding decodes as the generated one's does", () => {
  for (const { select } of [ingesterMethods, storeGatewayMethods]) {
    fc.assert(
      fc.property(messages, (message) => {
        const decoded = narthex.SelectResponse.decode(select.encodeResponse(message));
        expect([...decoded.series]).toEqual([...message.series]);
        expect(decoded.warnings).toEqual(message.warnings);
        expect(select.decodeResponse(select.encodeResponse(message))).toEqual(decoded);
      }),
    );
  }
});

test("push hands its bytes on as they are", () => {
  const bytes = Uint8Array.of(0, 255, 1);
  const encoded = ingesterMethods.push.encodeRequest(bytes.subarray(1));
  expect([...encoded]).toEqual([255, 1]);
  expect(encoded.buffer).toBe(bytes.buffer);
  expect(ingesterMethods.push.decodeRequest(encoded)).toBe(encoded);
});
