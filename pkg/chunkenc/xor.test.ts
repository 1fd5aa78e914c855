import fc from "fast-check";
import { expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { decodeXor, encodeXor, XorEncoder, xorSampleCount } from "./mod.ts";

/** Timestamp and the value's bits. */
type Sample = readonly [number, bigint];

const U64 = (1n << 64n) - 1n;

/** The format spelt out over a string of bits: the oracle of the fast encoder. */
function plainEncode(samples: readonly Sample[]): Uint8Array {
  let out = samples.length.toString(2).padStart(16, "0");
  const put = (value: bigint, count: number): void => {
    out += BigInt.asUintN(count, value).toString(2).padStart(count, "0");
  };
  const putBoth = (...parts: readonly [bigint, number][]): void => {
    for (const [value, count] of parts) put(value, count);
  };
  const uvarint = (value: bigint): void => {
    let rest = value;
    for (; rest >= 128n; rest >>= 7n) put((rest & 127n) | 128n, 8);
    put(rest, 8);
  };
  let [t, v, delta, leading, trailing] = [0n, 0n, 0n, -1, 0];
  samples.forEach(([timestamp, bits], i) => {
    const time = BigInt(timestamp);
    if (i === 0) {
      uvarint(time < 0n ? -2n * time - 1n : 2n * time);
      put(bits, 64);
      [t, v] = [time, bits];
      return;
    }
    const step = time - t;
    const dod = step - delta;
    const fits = (n: bigint): boolean => -((1n << (n - 1n)) - 1n) <= dod && dod <= 1n << (n - 1n);
    if (i === 1) uvarint(step);
    else if (dod === 0n) put(0n, 1);
    else if (fits(14n)) putBoth([0b10n, 2], [dod, 14]);
    else if (fits(17n)) putBoth([0b110n, 3], [dod, 17]);
    else if (fits(20n)) putBoth([0b1110n, 4], [dod, 20]);
    else putBoth([0b1111n, 4], [dod, 64]);
    const xor = (v ^ bits) & U64;
    if (xor === 0n) put(0n, 1);
    else {
      const text = xor.toString(2).padStart(64, "0");
      const lead = Math.min(31, text.indexOf("1"));
      const trail = 63 - text.lastIndexOf("1");
      if (leading >= 0 && lead >= leading && trail >= trailing) put(0b10n, 2);
      else {
        [leading, trailing] = [lead, trail];
        put(0b11n, 2);
        put(BigInt(lead), 5);
        put(BigInt(64 - lead - trail), 6);
      }
      put(xor >> BigInt(trailing), 64 - leading - trailing);
    }
    [t, v, delta] = [time, bits, step];
  });
  const bytes = new Uint8Array(Math.ceil(out.length / 8));
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(out.slice(8 * i, 8 * i + 8).padEnd(8, "0"), 2);
  }
  return bytes;
}

function encode(samples: readonly Sample[]): Uint8Array {
  const encoder = new XorEncoder(1);
  for (const [timestamp, bits] of samples) {
    encoder.append(timestamp, Number(bits >> 32n), Number(bits & 0xffffffffn));
  }
  return encoder.finish();
}

function decode(bytes: Uint8Array): Sample[] {
  const columns = new SampleColumns(1);
  decodeXor(bytes, 0, bytes.length, columns);
  return samplesOf(columns);
}

function samplesOf(columns: SampleColumns): Sample[] {
  const out: Sample[] = [];
  for (let i = 0; i < columns.length; i++) {
    const bits = (BigInt(columns.bits[2 * i + 1]!) << 32n) | BigInt(columns.bits[2 * i]!);
    out.push([columns.timestamps[i]!, bits]);
  }
  return out;
}

const bitsOfDouble = (value: number): bigint => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const values = fc.oneof(
  fc.bigInt({ min: 0n, max: U64 }),
  fc.double().map(bitsOfDouble),
  fc.integer({ min: 0, max: 1000 }).map(bitsOfDouble),
  fc.constantFrom(0n, 1n, U64, 0x7ff0000000000002n, 0x7ff8000000000001n, 1n << 63n),
);
const deltas = fc.oneof(
  fc.constantFrom(15_000, 1, 8191, 8192, 8193, 65_536, 524_288, 2 ** 33),
  fc.integer({ min: 1, max: 2 ** 40 }),
);
const series = fc
  .tuple(
    fc.integer({ min: -(2 ** 44), max: 2 ** 44 }),
    fc.array(fc.tuple(deltas, values), { maxLength: 60 }),
  )
  .map(([from, steps]): Sample[] => {
    let t = from;
    return steps.map(([delta, bits]) => [(t += delta), bits]);
  });

test("XorEncoder writes the documented bytes", () => {
  const one = bitsOfDouble(1);
  const bytes = encode([
    [1000, one],
    [2000, one],
    [3000, bitsOfDouble(2)],
    [4001, 0x7ff0000000000002n],
  ]);
  expect(Buffer.from(bytes).toString("hex")).toBe(
    "0004d00f3ff0000000000000e8073097ffe000717bff80000000000010",
  );
});

test("XorEncoder equals the plain encoder and decodeXor gives the samples back", () => {
  fc.assert(
    fc.property(series, (samples) => {
      const bytes = encode(samples);
      expect(Buffer.from(bytes)).toEqual(Buffer.from(plainEncode(samples)));
      expect(xorSampleCount(bytes, 0, bytes.length)).toBe(samples.length);
      expect(decode(bytes)).toEqual(samples);
    }),
    { numRuns: 300 },
  );
});

test("encodeXor takes a range of columns, decodeXor appends inside a larger buffer", () => {
  fc.assert(
    fc.property(series, fc.nat(40), fc.nat(40), (samples, before, after) => {
      const columns = new SampleColumns();
      decodeXor(encode(samples), 0, encode(samples).length, columns);
      const from = Math.min(2, samples.length);
      const bytes = encodeXor(columns, from, columns.length);
      const placed = new Uint8Array(before + bytes.length + after).fill(0xa5);
      placed.set(bytes, before);
      const into = new SampleColumns(1);
      into.pushStale(-1e15);
      decodeXor(placed, before, before + bytes.length, into);
      expect(samplesOf(into)).toEqual([[-1e15, 0x7ff0000000000002n], ...samples.slice(from)]);
    }),
  );
});

test("a chunk of 65,535 samples round-trips, one more is refused", () => {
  const encoder = new XorEncoder();
  for (let i = 0; i < 65_535; i++) encoder.append(i * 15_000, 0x3ff00000, i);
  expect(encoder.count).toBe(65_535);
  const columns = new SampleColumns();
  const bytes = encoder.finish();
  decodeXor(bytes, 0, bytes.length, columns);
  expect(columns.length).toBe(65_535);
  expect(columns.bits[2 * 65_534]).toBe(65_534);
  expect(() => encoder.append(1e12, 0, 0)).toThrow(/full/);
});

test("XorEncoder refuses a timestamp that does not ascend and can be reused after reset", () => {
  const encoder = new XorEncoder();
  encoder.append(5, STALE_HI, STALE_LO);
  expect(() => encoder.append(5, 0, 0)).toThrow(/out of order/);
  const first = encoder.finish();
  expect(encoder.byteLength).toBe(first.length);
  encoder.reset();
  expect(encoder.finish()).toEqual(new Uint8Array(2));
  encoder.append(5, STALE_HI, STALE_LO);
  expect(encoder.finish()).toEqual(first);
});

test("every prefix of a chunk is corruption and leaves the columns' length", () => {
  fc.assert(
    fc.property(series, (samples) => {
      const bytes = encode(samples);
      for (let end = 0; end < bytes.length; end++) {
        const into = new SampleColumns(1);
        into.push(1, 1);
        const padded = new Uint8Array(end + 64);
        padded.set(bytes.subarray(0, end));
        for (const source of [bytes.subarray(0, end), padded, bytes]) {
          expect(() => decodeXor(source, 0, end, into, "x/000001")).toThrow(CorruptionError);
          expect(into.length).toBe(1);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("a flipped byte is corruption or ascending columns of the declared count", () => {
  fc.assert(
    fc.property(series, fc.nat(), fc.integer({ min: 1, max: 255 }), (samples, where, mask) => {
      const bytes = encode(samples);
      bytes[where % bytes.length]! ^= mask;
      const into = new SampleColumns();
      try {
        decodeXor(bytes, 0, bytes.length, into);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptionError);
        return;
      }
      expect(into.length).toBe(xorSampleCount(bytes, 0, bytes.length));
      for (let i = 1; i < into.length; i++) {
        expect(into.timestamps[i]!).toBeGreaterThan(into.timestamps[i - 1]!);
      }
    }),
    { numRuns: 500 },
  );
});
