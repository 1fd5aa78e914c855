import fc from "fast-check";
import { expect, test } from "vitest";
import { SampleColumns } from "#pkg/storage/mod.ts";
import { encodeXor, encodeXorSingle, xorSingleBytes } from "./mod.ts";

test("the chunk of one sample has the bytes that the encoder writes", () => {
  const time = fc.oneof(
    fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
    fc.constantFrom(0, -1, 63, 64, -64, -65, 1_700_000_000_000),
  );
  fc.assert(
    fc.property(time, fc.double(), fc.boolean(), (t, value, stale) => {
      const columns = new SampleColumns();
      if (stale) columns.pushStale(t);
      else columns.push(t, value);
      const want = encodeXor(columns, 0, 1);
      const got = new Uint8Array(3 + xorSingleBytes(t));
      encodeXorSingle(t, columns.bits[0]!, columns.bits[1]!, got, 3);
      expect(got.subarray(3)).toEqual(want);
    }),
  );
});
