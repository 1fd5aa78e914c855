import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter, crc32c, utf8Length } from "./mod.ts";

test("crc32c matches the check value of the polynomial, in one piece and in two", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(crc32c(bytes, 0, 9)).toBe(0xe3069283);
  for (let cut = 0; cut <= 9; cut++) {
    expect(crc32c(bytes, cut, 9, crc32c(bytes, 0, cut))).toBe(0xe3069283);
  }
});

test("ByteWriter and ByteReader round-trip every scalar, and every prefix is corruption", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }),
      fc.string({ unit: "grapheme" }),
      (unsigned, signed, text) => {
        const writer = new ByteWriter(1);
        writer.uvarint(unsigned);
        writer.varint(signed);
        writer.u64(unsigned);
        writer.i64(signed);
        writer.u32(unsigned % 2 ** 32);
        writer.uvarintString(text);
        const bytes = writer.take();
        const read = (end: number): unknown[] => {
          const reader = new ByteReader("test", bytes, 0, end);
          return [
            reader.uvarint(),
            reader.varint(),
            reader.u64(),
            reader.i64(),
            reader.u32(),
            reader.uvarintString(),
          ];
        };
        expect(read(bytes.length)).toEqual([
          unsigned,
          signed,
          unsigned,
          signed,
          unsigned % 2 ** 32,
          text,
        ]);
        for (let end = 0; end < bytes.length; end++) {
          expect(() => read(end)).toThrow(/test at offset/);
        }
      },
    ),
  );
});

test("utf8Length is the encoder's length", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});
