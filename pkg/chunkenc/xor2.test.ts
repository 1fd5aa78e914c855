import fc from "fast-check";
import { expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import { decodeXor2, encodeXor2, Xor2Encoder, xorSampleCount } from "./mod.ts";

/** Timestamp, the value's bits, start timestamp. */
type Sample = readonly [number, bigint, number];

const U64 = (1n << 64n) - 1n;
const STALE = 0x7ff0000000000002n;

/** The format spelt out over a string of bits: the oracle of the fast encoder. */
class PlainEncoder {
  readonly #samples: readonly Sample[];
  #out = "";
  #window: readonly [leading: number, trailing: number] | undefined;
  #value = 0n;

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  encode(): Uint8Array {
    let [delta, distance, changeOn] = [0n, 0n, 0];
    this.#samples.forEach(([timestamp, bits, startMs], i) => {
      const [t, start] = [BigInt(timestamp), BigInt(startMs)];
      const previous = BigInt(this.#samples[i - 1]?.[0] ?? 0);
      if (i === 0) {
        this.#varint(t);
        this.#put(bits, 64);
        if (bits !== STALE) this.#value = bits;
        if (start !== 0n) this.#varint(t - start);
        return;
      }
      const step = t - previous;
      if (i === 1) this.#uvarint(step);
      this.#sample(i === 1 ? undefined : step - delta, bits);
      delta = step;
      const isSame = startMs === this.#samples[i - 1]![2];
      if (changeOn > 0) this.#varbit(previous - start - distance);
      else if (!isSame || i === 127) {
        changeOn = i;
        this.#varbit(previous - start);
      }
      distance = previous - start;
    });
    const known = (this.#samples[0]?.[2] ?? 0) === 0 ? 0 : 128;
    const bytes = [this.#samples.length >>> 8, this.#samples.length & 255, known | changeOn];
    for (let i = 0; i < this.#out.length; i += 8) {
      bytes.push(Number.parseInt(this.#out.slice(i, i + 8).padEnd(8, "0"), 2));
    }
    return Uint8Array.from(bytes);
  }

  /** `dod` is undefined where the time has been written already. */
  #sample(dod: bigint | undefined, bits: bigint): void {
    if (dod === 0n) {
      if (bits === STALE) this.#out += "11111";
      else if (bits === this.#value) this.#out += "0";
      else this.#xor(bits, ["100", "101"]);
      return;
    }
    if (dod !== undefined) {
      const fits = (n: bigint): boolean => -(1n << (n - 1n)) <= dod && dod < 1n << (n - 1n);
      const size = fits(13n) ? 13 : fits(20n) ? 20 : 64;
      this.#out += { 13: "110", 20: "1110", 64: "11110" }[size];
      this.#put(dod, size);
    }
    if (bits === STALE) this.#out += "111";
    else if (bits === this.#value) this.#out += "0";
    else this.#xor(bits, ["10", "110"]);
  }

  #xor(bits: bigint, prefixes: readonly [inWindow: string, newWindow: string]): void {
    const xor = this.#value ^ bits;
    this.#value = bits;
    const text = xor.toString(2).padStart(64, "0");
    const leading = Math.min(31, text.indexOf("1"));
    const trailing = 63 - text.lastIndexOf("1");
    if (this.#window && leading >= this.#window[0] && trailing >= this.#window[1]) {
      this.#out += prefixes[0];
    } else {
      this.#window = [leading, trailing];
      this.#out += prefixes[1];
      this.#put(BigInt(leading), 5);
      this.#put(BigInt(64 - leading - trailing), 6);
    }
    const window = this.#window;
    this.#put(xor >> BigInt(window[1]), 64 - window[0] - window[1]);
  }

  #put(value: bigint, count: number): void {
    this.#out += BigInt.asUintN(count, value).toString(2).padStart(count, "0");
  }

  #uvarint(value: bigint): void {
    let rest = value;
    for (; rest >= 128n; rest >>= 7n) this.#put((rest & 127n) | 128n, 8);
    this.#put(rest, 8);
  }

  #varint(value: bigint): void {
    this.#uvarint(value < 0n ? -2n * value - 1n : 2n * value);
  }

  #varbit(value: bigint): void {
    if (value === 0n) {
      this.#out += "0";
      return;
    }
    const sizes = [3, 6, 9, 12, 18, 25, 56];
    const fits = (n: number): boolean =>
      -((1n << BigInt(n - 1)) - 1n) <= value && value <= 1n << BigInt(n - 1);
    const ones = sizes.findIndex(fits);
    this.#out += `${"1".repeat(ones + 1)}0`;
    this.#put(value, sizes[ones]!);
  }
}

function encode(samples: readonly Sample[]): Uint8Array {
  const encoder = new Xor2Encoder(1);
  for (const [timestamp, bits, start] of samples) {
    encoder.append(timestamp, Number(bits >> 32n), Number(bits & 0xffffffffn), start);
  }
  return encoder.finish();
}

function decode(bytes: Uint8Array): Sample[] {
  const columns = new SampleColumns(1);
  decodeXor2(bytes, 0, bytes.length, columns);
  return samplesOf(columns);
}

function samplesOf(columns: SampleColumns): Sample[] {
  const out: Sample[] = [];
  for (let i = 0; i < columns.length; i++) {
    const bits = (BigInt(columns.bits[2 * i + 1]!) << 32n) | BigInt(columns.bits[2 * i]!);
    out.push([columns.timestamps[i]!, bits, columns.starts?.[i] ?? 0]);
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
  fc.integer({ min: 0, max: 1000 }).map(bitsOfDouble),
  fc.constantFrom(0n, 1n, U64, STALE, STALE, 0x7ff8000000000001n, 1n << 63n),
);
const deltas = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(15_000, 15_000, 15_000, 1) },
  fc.constantFrom(4095, 4096, 19_095, 19_096, 524_288, 539_287, 539_288, 2 ** 33),
  fc.integer({ min: 1, max: 2 ** 40 }),
);
/** Below the time; 0 stands for a start that is not known. */
const distances = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  fc.constantFrom(0, 1, 15_000, 15_004, 15_032, 15_256, 17_048, 146_072, 2 ** 25),
  fc.integer({ min: -(2 ** 41), max: 2 ** 41 }),
);
const changing = fc
  .tuple(
    fc.integer({ min: -(2 ** 44), max: 2 ** 44 }),
    fc.array(fc.tuple(deltas, values, distances), { maxLength: 60 }),
  )
  .map(([from, steps]): Sample[] => {
    let t = from;
    return steps.map(([delta, bits, distance]) => {
      t += delta;
      return [t, bits, distance === undefined ? 0 : t - distance];
    });
  });
/** Starts that stay for a while, or come late, in chunks that the header's count cannot span. */
const steady = fc
  .tuple(fc.constantFrom(0, 1_700_000_000_000), fc.nat(140), fc.nat(200), fc.array(values))
  .map(([start, changeAt, count, some]): Sample[] =>
    Array.from({ length: count }, (_, i) => {
      const bits = some.length === 0 ? 7n : some[i % some.length]!;
      return [1_700_000_100_000 + i * 15_000, bits, i < changeAt ? start : 1_700_000_050_000];
    }),
  );
const series = fc.oneof(changing, changing, steady);

test("Xor2Encoder equals the plain encoder and decodeXor2 gives the samples back", () => {
  fc.assert(
    fc.property(series, (samples) => {
      const bytes = encode(samples);
      expect(Buffer.from(bytes)).toEqual(Buffer.from(new PlainEncoder(samples).encode()));
      expect(xorSampleCount(bytes, 0, bytes.length)).toBe(samples.length);
      expect(decode(bytes)).toEqual(samples);
    }),
    { numRuns: 400 },
  );
});

test("encodeXor2 takes a range of columns, decodeXor2 appends inside a larger buffer", () => {
  fc.assert(
    fc.property(series, fc.nat(60), fc.nat(60), (samples, before, after) => {
      const columns = new SampleColumns();
      decodeXor2(encode(samples), 0, encode(samples).length, columns);
      const from = Math.min(2, samples.length);
      const bytes = encodeXor2(columns, from, columns.length);
      const placed = new Uint8Array(before + bytes.length + after).fill(0xa5);
      placed.set(bytes, before);
      const into = new SampleColumns(1);
      into.pushStale(-1e15);
      decodeXor2(placed, before, before + bytes.length, into);
      expect(samplesOf(into)).toEqual([[-1e15, STALE, 0], ...samples.slice(from)]);
      const hasStarts = samples.slice(from).some(([, , start]) => start !== 0);
      expect(into.starts !== undefined).toBe(hasStarts);
    }),
  );
});

test("decodeXor2 writes unknown starts over what columns had there", () => {
  const into = new SampleColumns(4);
  into.push(1, 1);
  into.setStart(0, 5);
  const bytes = encode([
    [2, 0n, 0],
    [3, 0n, 0],
  ]);
  decodeXor2(bytes, 0, bytes.length, into);
  expect([...into.starts!.subarray(0, 3)]).toEqual([5, 0, 0]);
});

test("a chunk of 65,535 samples round-trips, one more is refused", () => {
  const encoder = new Xor2Encoder();
  for (let i = 0; i < 65_535; i++) encoder.append(i * 15_000, 0x3ff00000, i, 0);
  expect(encoder.count).toBe(65_535);
  const columns = new SampleColumns();
  const bytes = encoder.finish();
  decodeXor2(bytes, 0, bytes.length, columns);
  expect([columns.length, columns.bits[2 * 65_534]]).toEqual([65_535, 65_534]);
  expect(columns.starts).toBe(undefined);
  expect(() => encoder.append(1e12, 0, 0, 0)).toThrow(/full/);
});

test("Xor2Encoder refuses times that do not ascend, forgets odd starts, and can be reused", () => {
  const encoder = new Xor2Encoder();
  encoder.append(5, 1, 2, 3);
  expect(() => encoder.append(5, 0, 0, 0)).toThrow(/out of order/);
  const first = encoder.finish();
  expect(encoder.byteLength).toBe(first.length);
  encoder.append(6, 1, 2, 2 ** 60);
  encoder.append(7, 1, 2, 0.5);
  expect(decode(encoder.finish()).map(([, , start]) => start)).toEqual([3, 0, 0]);
  encoder.reset();
  expect(encoder.finish()).toEqual(new Uint8Array(3));
  encoder.append(5, 1, 2, 3);
  expect(encoder.finish()).toEqual(first);
});

test("every prefix of a chunk is corruption and leaves the columns as they were", () => {
  fc.assert(
    fc.property(series, fc.boolean(), (samples, hasStarts) => {
      const bytes = encode(samples);
      for (let end = 0; end < bytes.length; end++) {
        const into = new SampleColumns(1);
        into.push(1, 1);
        if (hasStarts) into.setStart(0, 7);
        const padded = new Uint8Array(end + 64);
        padded.set(bytes.subarray(0, end));
        for (const source of [bytes.subarray(0, end), padded, bytes]) {
          expect(() => decodeXor2(source, 0, end, into, "x/000001")).toThrow(CorruptionError);
          expect(into.length).toBe(1);
          expect(into.starts?.findLastIndex((start) => start !== 0)).toBe(
            hasStarts ? 0 : undefined,
          );
        }
      }
    }),
    { numRuns: 25 },
  );
});

test("a flipped byte is corruption or ascending columns of the declared count", () => {
  fc.assert(
    fc.property(series, fc.nat(), fc.integer({ min: 1, max: 255 }), (samples, where, mask) => {
      const bytes = encode(samples);
      bytes[where % bytes.length]! ^= mask;
      const into = new SampleColumns();
      try {
        decodeXor2(bytes, 0, bytes.length, into);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptionError);
        return;
      }
      expect(into.length).toBe(xorSampleCount(bytes, 0, bytes.length));
      for (let i = 1; i < into.length; i++) {
        expect(into.timestamps[i]!).toBeGreaterThan(into.timestamps[i - 1]!);
      }
    }),
    { numRuns: 800 },
  );
});
