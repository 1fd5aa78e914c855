import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptionError } from "#pkg/errs/mod.ts";
import { CounterReset, FloatHistogram, formatTestHistogram } from "#pkg/histogram/mod.ts";
import { parseSeriesDescription } from "#pkg/promql/mod.ts";
import { ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { BitReader } from "./bit-reader.ts";
import { BitWriter } from "./bit-writer.ts";
import { decodeFloatHistogram, decodeHistogram, encodeHistograms } from "./mod.ts";

const START_MS = 1_700_000_000_000;
const STEP_MS = 15_000;

/** The samples of a series description, 15 s apart. */
function columnsOf(text: string): SampleColumns {
  const columns = new SampleColumns();
  parseSeriesDescription(`m ${text}`).values.forEach((value, i) => {
    const t = START_MS + i * STEP_MS;
    if (value.kind === "histogram") columns.pushHistogram(t, value.histogram);
    else if (value.kind === "stale") columns.pushStale(t);
  });
  return columns;
}

function samplesOf(columns: SampleColumns): string[] {
  return Array.from({ length: columns.length }, (_, i) => {
    const h = columns.histograms?.[i];
    const sample = h ? formatTestHistogram(h) : columns.isStale(i) ? "stale" : columns.values[i];
    return `${columns.timestamps[i]! - START_MS}: ${sample}`;
  });
}

function decode(chunks: readonly Uint8Array[], integer: boolean): SampleColumns {
  const into = new SampleColumns();
  for (const bytes of chunks) {
    if (integer) decodeHistogram(bytes, 0, bytes.length, into);
    else decodeFloatHistogram(bytes, 0, bytes.length, into);
  }
  return into;
}

/** Series with the chunks that Prometheus 3.14 makes of them. Source: its tsdb/chunkenc. */
const GOLDEN: readonly { text: string; integer: boolean; chunks: readonly string[] }[] = [
  {
    text: "{{schema:1 count:4 sum:3.5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] offset:-2}}+{{schema:1 count:3 sum:1 buckets:[1 2] offset:-2}}x3",
    integer: true,
    chunks: ["AAQA/z9QYk3S8an8jGVn8AAMXn8rQAUigBgAAAAAAAEY/B1MTaxPjERAmA=="],
  },
  {
    text: "{{count:3 sum:5 buckets:[1 2]}} {{count:9 sum:8 buckets:[1 2 0 0 6]}} stale {{count:2 sum:1 n_buckets:[2] n_offset:3}}",
    integer: true,
    chunks: [
      "AAMAAEan8AAMXn8rQATIAoAAAAAAABGNj4OpjDNQmhhhi9/0AAAAAAAAgA==",
      "AAEAACMZ/wAAxefzC+RIf+AAAAAAAAEg",
    ],
  },
  {
    text: "{{count:1000000 sum:5 buckets:[1000000 0 300] counter_reset_hint:gauge}} {{count:7 sum:-5 buckets:[4 3] offset:1 counter_reset_hint:gauge}}",
    integer: true,
    chunks: ["AALAAEZn8AAMXn8rQAfgehIBAFAAAAAAAAPwPQkD98L3A8JZ8HUx++F7jsAP98L3A/A9CRPdpg=="],
  },
  {
    text: "{{schema:-53 count:3 sum:5 custom_values:[0.005 0.5 1e9] buckets:[1 1 0 1]}}+{{schema:-53 count:1 sum:0.25 custom_values:[0.005 0.5 1e9] buckets:[1]}}x2",
    integer: true,
    chunks: ["AAMAAO5caE7d9SDm5rKAAAAAfwAAxefytABMgCgAAAAAAAEV4/B1MRbwcbg3BYA="],
  },
  {
    text: "{{schema:3 count:4.5 sum:3.25 z_bucket:1.5 z_bucket_w:1e-9 buckets:[1 2] offset:-200}}+{{schema:3 count:0.1 sum:1 buckets:[0.1] offset:-200}}x3",
    integer: false,
    chunks: [
      "AAQA/z4RLgvoJtaVnGXTh/AADF5/K0ACAJAAAAAAAAH/wAAAAAAAAgBQAAAAAAAB/4AAAAAAAAIAAAAAAAAAB8HUxxuzMzMzMzNrF3vwzMzMzMzNOF9VVVVVVVUTdjVVVVVVVXN+H///////6Zty////////QA==",
    ],
  },
  {
    text: "{{schema:-53 count:1.5 sum:5 custom_values:[-2 7 33554.43] buckets:[0.5 0 1]}} {{schema:-53 count:2.5 sum:6 custom_values:[-2 7 33554.43] buckets:[0.5 1 1]}} stale",
    integer: false,
    chunks: [
      "AAMAAO5cZk2AAAAAAAAAAfA2s/v////8AAMXn8rQAH/wAAAAAAAAAAAAAAAAAACAKAAAAAAAAH/AAAAAAAAAAAAAAAAAAAB/4AAAAAAAAfB1MYTf/7YFsRX/lABYvf+gAAAAAAAI",
    ],
  },
];

describe("encodeHistograms and decodeHistogram", () => {
  test.each(GOLDEN)("write and read Prometheus's bytes of $text", ({ text, integer, chunks }) => {
    const columns = columnsOf(text);
    const encoded = encodeHistograms(columns, 0, columns.length, integer);
    expect(encoded.map(({ bytes }) => Buffer.from(bytes).toString("base64"))).toEqual(chunks);
    const encoding = integer ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram;
    expect(encoded.every((chunk) => chunk.encoding === encoding)).toBe(true);
    expect(encoded[0]!.mint).toBe(START_MS);
    expect(encoded.at(-1)!.maxt).toBe(columns.timestamps[columns.length - 1]);
    const read = decode(
      chunks.map((chunk) => Buffer.from(chunk, "base64")),
      integer,
    );
    const plain = (sample: string): string => sample.replace(/ counter_reset_hint:\w+/, "");
    expect(samplesOf(read).map(plain)).toEqual(samplesOf(columns).map(plain));
  });

  test("the first histogram of a chunk has no hint, the others follow without a reset", () => {
    const hintsOf = (text: string): (CounterReset | undefined)[] => {
      const columns = columnsOf(text);
      const encoded = encodeHistograms(columns, 0, columns.length, false);
      const read = decode(
        encoded.map(({ bytes }) => bytes),
        false,
      );
      return Array.from({ length: read.length }, (_, i) => read.histograms?.[i]?.counterReset);
    };
    const { unknown, notReset, gauge } = CounterReset;
    expect(hintsOf("{{count:1 buckets:[1]}}x2")).toEqual([unknown, notReset, notReset]);
    expect(hintsOf("{{count:2 buckets:[2]}} {{count:1 buckets:[1]}}")).toEqual([unknown, unknown]);
    expect(hintsOf("{{count:1 counter_reset_hint:gauge}}x1")).toEqual([gauge, gauge]);
    expect(hintsOf("{{count:1}} stale {{count:1}}")).toEqual([unknown, undefined, unknown]);
    expect(hintsOf("{{schema:1 count:1}} {{count:1}}")).toEqual([unknown, unknown]);
  });

  test("the flags of a chunk say how it begins", () => {
    const flagsOf = (text: string): number[] => {
      const columns = columnsOf(text);
      return encodeHistograms(columns, 0, columns.length, true).map(({ bytes }) => bytes[2]!);
    };
    expect(flagsOf("{{count:2}} {{count:1}}")).toEqual([0, 0x80]);
    expect(flagsOf("{{count:2 counter_reset_hint:reset}} {{count:3}}")).toEqual([0x80]);
    expect(flagsOf("{{count:2 buckets:[2]}} {{count:2 buckets:[1 1]}}")).toEqual([0, 0x80]);
    expect(flagsOf("{{count:2 z_bucket:2}} {{count:2 z_bucket:1}}")).toEqual([0, 0x80]);
    expect(flagsOf("{{count:2}} {{count:1 counter_reset_hint:gauge}}")).toEqual([0, 0xc0]);
    expect(flagsOf("{{count:1}} {{count:2 z_bucket_w:0.5}}")).toEqual([0, 0]);
  });
});

/** Counters over time, of one layout that grows now and then. */
const GROWING = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -128, 1, 2 ** 10, 2 ** 11, 0.001),
    offset: fc.integer({ min: -1000, max: 1000 }),
    integer: fc.boolean(),
    steps: fc.array(
      fc.record({
        grown: fc.array(fc.integer({ min: 0, max: 2 ** 30 }), { minLength: 1, maxLength: 6 }),
        gap: fc.integer({ min: 1, max: 2 ** 40 }),
        isStale: fc.boolean(),
        sum: fc.double(),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ schema, zeroThreshold, offset, integer, steps }) => {
    const columns = new SampleColumns();
    const totals = new Float64Array(6);
    let size = 0;
    let t = -(2 ** 41);
    for (const { grown, gap, isStale, sum } of steps) {
      t += gap;
      if (isStale) {
        columns.pushStale(t);
        continue;
      }
      size = Math.max(size, grown.length);
      grown.forEach((count, i) => {
        totals[i]! += integer ? count : count / 3;
      });
      const h = new FloatHistogram();
      Object.assign(h, { schema, zeroThreshold, sum, zeroCount: totals[0], count: totals[0] });
      h.positiveSpans = Int32Array.of(offset, 1, 2, size);
      h.positiveBuckets = Float64Array.of(totals[1]!, ...totals.subarray(0, size));
      h.negativeSpans = Int32Array.of(-offset, size);
      h.negativeBuckets = totals.slice(0, size);
      columns.pushHistogram(t, h);
    }
    return { columns, integer };
  });

test("what encodeHistograms writes is read back", () => {
  fc.assert(
    fc.property(GROWING, ({ columns, integer }) => {
      const encoded = encodeHistograms(columns, 0, columns.length, integer);
      const read = decode(
        encoded.map(({ bytes }) => bytes),
        integer,
      );
      expect(read.length).toBe(columns.length);
      for (let i = 0; i < read.length; i++) {
        expect(read.timestamps[i]).toBe(columns.timestamps[i]);
        expect(read.isStale(i)).toBe(columns.isStale(i));
        const want = columns.histograms?.[i]?.copy().compact(0);
        const got = read.histograms?.[i]?.copy().compact(0);
        expect(got === undefined ? want === undefined : want?.equals(got)).toBe(true);
      }
    }),
  );
});

/** Decodes what may be anything: it is read or is refused, and then leaves nothing behind. */
function probe(bytes: Uint8Array, integer: boolean): void {
  const into = new SampleColumns();
  into.push(1, 1);
  // Around the chunk are bytes that do not belong to it.
  const padded = new Uint8Array(bytes.length + 4).fill(0xff);
  padded.set(bytes, 2);
  try {
    (integer ? decodeHistogram : decodeFloatHistogram)(padded, 2, bytes.length + 2, into, "file");
    expect(into.length).toBeLessThanOrEqual(1 + bytes.length * 8);
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptionError);
    expect((error as CorruptionError).path).toBe("file");
    expect((error as CorruptionError).offset).toBeLessThanOrEqual(bytes.length + 2);
    expect(into.length).toBe(1);
    expect(into.histograms?.length ?? 0).toBeLessThanOrEqual(1);
  }
}

describe("damaged chunks", () => {
  test("every prefix is refused or empty", () => {
    for (const { chunks, integer } of GOLDEN) {
      const bytes = Buffer.from(chunks[0]!, "base64");
      for (let end = 0; end < bytes.length; end++) {
        const into = new SampleColumns();
        const read = integer ? decodeHistogram : decodeFloatHistogram;
        expect(() => read(bytes, 0, end, into)).toThrow(CorruptionError);
      }
    }
  });

  test("every flipped bit and any bytes are read or refused", () => {
    for (const { chunks, integer } of GOLDEN) {
      const bytes = Buffer.from(chunks[0]!, "base64");
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >>> 3]! ^= 0x80 >>> (bit & 7);
        probe(flipped, integer);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, integer) => {
        // A header that lets the decoder get on.
        probe(Uint8Array.of(0, 3, 0, 0, ...bytes), integer);
      }),
    );
  });

  test("lengths beyond the chunk are refused before room is made for them", () => {
    const hostile = (fill: (to: BitWriter) => void): Uint8Array => {
      const to = new BitWriter();
      to.bits(0x0001_0000, 32);
      fill(to);
      return to.finish();
    };
    const f = (message: string, fill: (to: BitWriter) => void): void => {
      const bytes = hostile(fill);
      expect(() => decodeHistogram(bytes, 0, bytes.length, new SampleColumns())).toThrow(message);
    };
    f("spans exceed", (to) => {
      to.varbitInt(0);
      to.varbitUint(2 ** 50);
    });
    f("buckets exceeds", (to) => {
      to.varbitInt(0);
      to.varbitUint(1);
      to.varbitUint(2 ** 32 - 1);
      to.varbitInt(0);
    });
    f("with offset -1", (to) => {
      to.varbitInt(0);
      to.varbitUint(2);
      for (const offset of [0, -1]) {
        to.varbitUint(1);
        to.varbitInt(offset);
      }
    });
    f("unknown schema 53", (to) => to.varbitInt(53));
    f("custom bounds exceed", (to) => {
      to.varbitInt(-53);
      to.varbitUint(0);
      to.varbitUint(0);
      to.varbitUint(2 ** 40);
    });
  });
});

test("BitReader reads what BitWriter writes", () => {
  const integers = fc.array(fc.oneof(fc.integer({ min: -300, max: 300 }), fc.maxSafeInteger()), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(integers, fc.integer({ min: 1, max: 32 }), (values, lead) => {
      const to = new BitWriter(8);
      to.bits(0x5555_5555, lead);
      for (const value of values) {
        to.varbitInt(value);
        to.varbitUint(Math.abs(value));
      }
      const bytes = to.finish();
      const from = new BitReader(bytes, 0, bytes.length, "bits");
      expect(from.bits(lead)).toBe((0x5555_5555 << (32 - lead)) >>> (32 - lead));
      for (const value of values) {
        expect(from.varbitInt()).toBe(value);
        expect(from.varbitUint()).toBe(Math.abs(value));
      }
      expect(from.left).toBeLessThan(8);
    }),
  );
});
