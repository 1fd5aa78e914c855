import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { decodeLabels } from "#pkg/remotewrite/mod.ts";
import { PlainLabels } from "./plain-labels.ts";
import { Symbols } from "./symbols.ts";

const word = fc.constantFrom("", "a", "b", "bb", "c", "é", "x".repeat(127), "x".repeat(130), "\0");
/** Labels as they come: of any order, some twice, some empty, some no text. */
const series = fc.array(fc.tuple(word, word), { maxLength: 5 });
const sorted = series.map((labels) => labels.sort(([a], [b]) => (a < b ? -1 : 1)));

function encode(labels: readonly (readonly [string, string])[], into: ByteWriter): void {
  for (const pair of labels) {
    const body = new ByteWriter(16);
    for (const [part, text] of pair.entries()) {
      body.u8(part === 0 ? 0x0a : 0x12);
      body.uvarintString(text);
    }
    into.u8(0x0a);
    into.uvarint(body.length);
    into.raw(body.bytes, 0, body.length);
  }
}

test("PlainLabels reads what the general decoder reads, or leaves it alone", () => {
  let plain = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.oneof(series, sorted, sorted), fc.boolean()), { maxLength: 12 }),
      fc.nat(),
      (all, flip) => {
        const out = new ByteWriter(256);
        const ends = [0];
        for (const [labels] of all) {
          encode(labels, out);
          ends.push(out.length);
        }
        const bytes = out.take();
        if (bytes.length > 0 && flip % 3 === 0) bytes[flip % bytes.length]! ^= 1 << (flip % 8);
        const symbols = new Symbols();
        const parser = new PlainLabels();
        for (const [i, [, isAdmitted]] of all.entries()) {
          const [start, end] = [ends[i]!, ends[i + 1]!];
          if (!parser.parse(bytes, start, end, symbols)) continue;
          plain++;
          const want = decodeLabels(bytes, start, end);
          expect(parser.labels).toEqual(want.labels);
          expect(want).toMatchObject({ isCanonical: true, invalidUtf8: false });
          expect(want.duplicate).toBe(undefined);
          for (const [at, text] of want.labels.entries()) {
            const id = parser.ids[at]!;
            expect(id).toBe(id < 0 ? -1 : symbols.find(text));
            // As the head does with one that it takes in.
            if (!isAdmitted) continue;
            if (id >= 0) symbols.use(id);
            else parser.ids[at] = symbols.intern(text);
          }
        }
      },
    ),
    { numRuns: 1000 },
  );
  expect(plain).toBeGreaterThan(300);
});
