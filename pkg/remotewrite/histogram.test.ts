import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "#pkg/histogram/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import {
  decodeHistogramMessage,
  decodeLabels,
  encodeHistogramMessage,
  type HistogramSample,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "./mod.ts";

/** The message as upstream declares it, written and read by a library: the oracle. */
const Histogram = protobuf
  .parse(`syntax = "proto3";
message BucketSpan { sint32 offset = 1; uint32 length = 2; }
message Histogram {
  oneof count { uint64 count_int = 1; double count_float = 2; }
  double sum = 3;
  sint32 schema = 4;
  double zero_threshold = 5;
  oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
  repeated BucketSpan negative_spans = 8;
  repeated sint64 negative_deltas = 9;
  repeated double negative_counts = 10;
  repeated BucketSpan positive_spans = 11;
  repeated sint64 positive_deltas = 12;
  repeated double positive_counts = 13;
  int32 reset_hint = 14;
  int64 timestamp = 15;
  repeated double custom_values = 16;
}`)
  .root.lookupType("Histogram");

const count = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 40 }));

function side(base: number) {
  return fc
    .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.array(count, { maxLength: 4 })), {
      maxLength: 3,
    })
    .map((parts) => ({
      spans: Int32Array.from(
        parts.flatMap(([offset, counts], i) => [offset + (i === 0 ? base : 0), counts.length]),
      ),
      buckets: Float64Array.from(parts.flatMap(([, counts]) => counts)),
    }));
}

/** Valid histograms, of which some are divided so that counts are no whole numbers. */
const valid = fc
  .record({
    positive: side(-7),
    negative: side(3),
    zeroCount: count,
    sum: fc.double(),
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001, 1.5),
    hint: fc.constantFrom(...Object.values(CounterReset)),
    integer: fc.boolean(),
    isCustom: fc.boolean(),
    t: fc.oneof(fc.integer(), fc.maxSafeInteger()),
  })
  .map((shape) => {
    const h = new FloatHistogram();
    h.counterReset = shape.hint;
    h.sum = shape.sum;
    h.positiveSpans = shape.positive.spans;
    h.positiveBuckets = shape.positive.buckets;
    if (shape.isCustom) {
      h.schema = CUSTOM_BUCKETS;
      if (h.positiveSpans.length > 0) h.positiveSpans[0]! += 7;
      let end = 0;
      for (const part of h.positiveSpans) end += part;
      h.customValues = Float64Array.from({ length: end }, (_, i) => i / 4 - 1);
    } else {
      h.schema = shape.schema;
      h.zeroThreshold = shape.zeroThreshold;
      h.zeroCount = shape.zeroCount;
      h.negativeSpans = shape.negative.spans;
      h.negativeBuckets = shape.negative.buckets;
    }
    h.count = h.zeroCount;
    for (const buckets of [h.positiveBuckets, h.negativeBuckets]) {
      for (const one of buckets) h.count += one;
    }
    if (!shape.integer) {
      const { counterReset, sum } = h;
      h.div(3);
      h.counterReset = counterReset;
      h.sum = sum;
    }
    return { h, integer: shape.integer, t: shape.t };
  });

function deltas(buckets: Float64Array): number[] {
  return [...buckets].map((value, i) => value - (i === 0 ? 0 : buckets[i - 1]!));
}

function spans(flat: Int32Array): { offset: number; length: number }[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    offset: flat[2 * i]!,
    length: flat[2 * i + 1]!,
  }));
}

function fieldsOf(h: FloatHistogram, integer: boolean, t: number): Record<string, unknown> {
  return {
    ...(integer
      ? {
          countInt: h.count,
          zeroCountInt: h.zeroCount,
          positiveDeltas: deltas(h.positiveBuckets),
          negativeDeltas: deltas(h.negativeBuckets),
        }
      : {
          countFloat: h.count,
          zeroCountFloat: h.zeroCount,
          positiveCounts: [...h.positiveBuckets],
          negativeCounts: [...h.negativeBuckets],
        }),
    sum: h.sum,
    schema: h.schema,
    zeroThreshold: h.zeroThreshold,
    positiveSpans: spans(h.positiveSpans),
    negativeSpans: spans(h.negativeSpans),
    resetHint: h.counterReset,
    timestamp: t,
    customValues: [...h.customValues],
  };
}

function decode(bytes: Uint8Array): HistogramSample {
  return decodeHistogramMessage(bytes, 0, bytes.length);
}

test("decodeHistogramMessage reads what a protobuf library wrote", () => {
  fc.assert(
    fc.property(valid, ({ h, integer, t }) => {
      const fields = fieldsOf(h, integer, t);
      const got = decode(Histogram.encode(Histogram.fromObject(fields)).finish());
      expect(got).toEqual({ t, integer, histogram: h, problem: undefined });
    }),
  );
});

test("encodeHistogramMessage writes what the library reads", () => {
  fc.assert(
    fc.property(valid, ({ h, integer, t }) => {
      const out = new ByteWriter(16);
      encodeHistogramMessage(t, h, integer, out);
      const options = { longs: Number, arrays: true } as const;
      const got = Histogram.toObject(Histogram.decode(out.view()), options);
      const want = Histogram.toObject(Histogram.fromObject(fieldsOf(h, integer, t)), options);
      expect(got).toEqual(want);
      expect(decode(out.view())).toEqual({ t, integer, histogram: h, problem: undefined });
    }),
  );
});

test("numbers that are not packed, fields that are unknown and later values of a field are read", () => {
  const message = Buffer.from([
    ...[0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // count_float 1, which the next one replaces
    ...[0x08, 3],
    ...[0x20, 2, 0x20, 4], // schema 1, then 2
    ...[0x5a, 4, 0x08, 1, 0x10, 2], // span: offset -1, length 2
    ...[0x60, 2, 0x60, 2], // deltas 1, 1, one by one
    ...[0xa2, 0x06, 2, 1, 2, 0xad, 0x06, 1, 2, 3, 4], // fields 100 and 101
    ...[0x78, 9],
  ]);
  const { t, integer, histogram, problem } = decode(message);
  expect({ t, integer, problem }).toEqual({ t: 9, integer: true, problem: undefined });
  expect(histogram).toMatchObject({ count: 3, schema: 2 });
  expect([...histogram!.positiveSpans]).toEqual([-1, 2]);
  expect([...histogram!.positiveBuckets]).toEqual([1, 2]);
});

test("a sum that is the stale marker makes a stale marker, whatever else is there", () => {
  const out = new ByteWriter(16);
  encodeHistogramMessage(-5, undefined, true, out);
  const stale = { t: -5, integer: true, histogram: undefined, problem: undefined };
  expect(decode(out.view())).toEqual(stale);
  // A count that has no buckets.
  expect(decode(Buffer.concat([out.view(), Buffer.from([0x08, 7])]))).toEqual(stale);
  const nan = decode(Histogram.encode(Histogram.fromObject({ sum: Number.NaN })).finish());
  expect(nan.histogram?.sum).toBeNaN();
});

test("what is no valid histogram is told, in Prometheus's words where it has some", () => {
  const many = (length: number): number[] => new Array<number>(length).fill(0);
  const f = (fields: Record<string, unknown>, want: RegExp): void => {
    const got = decode(Histogram.encode(Histogram.fromObject(fields)).finish());
    expect([got.histogram, got.problem]).toEqual([undefined, expect.stringMatching(want)]);
  };
  f({ schema: 9 }, /^histogram has an invalid schema/);
  f({ schema: -5 }, /^histogram has an invalid schema/);
  f({ countInt: 1 }, /^0 observations found in buckets, but the Count field is 1/);
  f({ positiveDeltas: [1] }, /^positive side: .*histogram spans specify different number/);
  f({ countFloat: -1 }, /observation count is negative/);
  f(
    { countFloat: 1, negativeSpans: [{ length: 1 }], negativeCounts: [-1] },
    /^negative side: bucket number 1 has observation count of -1/,
  );
  f({ zeroThreshold: -1 }, /^histogram has a zero threshold of -1/);
  f({ zeroThreshold: Number.NaN }, /^histogram has a zero threshold of NaN/);
  f({ countInt: 2 ** 51, zeroCountInt: 2 ** 51 }, /^histogram has an integer count beyond 2\^50/);
  f(
    { countInt: 0, positiveSpans: [{ length: 2 }], positiveDeltas: [2 ** 52, -(2 ** 52)] },
    /^histogram has an integer count beyond 2\^50/,
  );
  f({ positiveDeltas: many(8193) }, /^histogram has 8193 positive buckets, at most 8192/);
  f({ countFloat: 0, negativeCounts: many(8193) }, /^histogram has 8193 negative buckets/);
  f({ positiveSpans: many(8193).map(() => ({})) }, /^histogram has 8193 positive spans/);
  f({ customValues: many(8193) }, /^histogram has 8193 custom bounds/);
  f(
    { positiveSpans: [{ offset: 2 ** 31 - 1 }, { offset: 1 }] },
    /^histogram has a span whose buckets are beyond 2\^31/,
  );
  f({ positiveDeltas: many(1_100_000) }, /^histogram of 1100\d\d\d bytes is too large/);
  f({ schema: -53, customValues: [1, 1] }, /^custom buckets: .*strictly increasing/);
  f({ customValues: [1] }, /^histogram with exponential schema must not have custom bounds/);
});

test("every prefix and every flipped bit of a message is refused or read, never more", () => {
  const h = new FloatHistogram();
  h.schema = 3;
  h.zeroCount = 2;
  h.count = 12;
  h.sum = 4.5;
  h.positiveSpans = Int32Array.of(-2, 2, 3, 1);
  h.positiveBuckets = Float64Array.of(1, 5, 3);
  h.negativeSpans = Int32Array.of(0, 1);
  h.negativeBuckets = Float64Array.of(1);
  for (const integer of [true, false]) {
    const out = new ByteWriter(64);
    encodeHistogramMessage(1_700_000_000_000, h, integer, out);
    const message = Buffer.from(out.view());
    const attempt = (bytes: Uint8Array): void => {
      try {
        const { histogram } = decode(bytes);
        expect(histogram?.positiveBuckets.length ?? 0).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(String(error)).toMatch(/decode write request at offset \d+: /);
      }
    };
    for (let end = 0; end < message.length; end++) attempt(message.subarray(0, end));
    for (let bit = 0; bit < message.length * 8; bit++) {
      const broken = Buffer.from(message);
      broken[bit >> 3]! ^= 1 << (bit & 7);
      attempt(broken);
    }
  }
});

test("ScannedRequest finds the histograms of each series, and counts them as samples", () => {
  const shape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 });
  const scanned = new ScannedRequest();
  fc.assert(
    fc.property(shape, shape, (histograms, floats) => {
      const builder = new WriteRequestBuilder();
      const series: { name: string; times: number[]; samples: number }[] = [];
      histograms.forEach((size, i) => {
        // The builder makes one series of each sample.
        for (let n = 0; n < size; n++) {
          builder.histogram(labelsFromObject({ a: `h${i}` }), 100 * i + n, undefined, true);
          series.push({ name: `h${i}`, times: [100 * i + n], samples: 1 });
        }
        if (floats[i] !== undefined) {
          builder.sample(labelsFromObject({ a: `f${i}` }), i, 0, 0);
          series.push({ name: `f${i}`, times: [], samples: 1 });
        }
      });
      const body = builder.view();
      scanned.scan(body, 0, body.length, new LabelHasher());
      const total = series.reduce((sum, { times }) => sum + times.length, 0);
      expect(scanned.histogramCount).toBe(total);
      expect(scanned.seriesCount).toBe(series.length);
      let k = 0;
      series.forEach(({ name, times, samples }, i) => {
        const { labels } = decodeLabels(body, scanned.labelsStart[i]!, scanned.labelsEnd[i]!);
        expect(labels).toEqual(["a", name]);
        expect(scanned.samplesOf(i)).toBe(samples);
        if (times.length === 0) return;
        expect(scanned.histogramSeries[k]).toBe(i);
        expect(scanned.histogramsEnd(k)).toBe(k + 1);
        const range = [scanned.histogramStart[k]!, scanned.histogramEnd[k]!] as const;
        expect(decodeHistogramMessage(body, ...range).t).toBe(times[0]);
        k++;
      });
    }),
  );
});

test("several histograms of a series are one range of numbers, with labels behind them too", () => {
  const label = [0x0a, 6, 0x0a, 1, 0x61, 0x12, 1, 0x31];
  const other = [0x0a, 6, 0x0a, 1, 0x62, 0x12, 1, 0x32];
  const histogram = (t: number): number[] => [0x22, 2, 0x78, t];
  const series = (inner: number[]): number[] => [0x0a, inner.length, ...inner];
  const body = Buffer.from([
    ...series([...label, ...histogram(1), ...histogram(2)]),
    ...series([...label, 0x12, 2, 0x10, 3]),
    ...series([...label, ...histogram(4), ...other, ...histogram(5), 0x12, 2, 0x10, 6]),
  ]);
  const scanned = new ScannedRequest();
  scanned.scan(body, 0, body.length, new LabelHasher());
  expect([0, 1, 2].map((i) => scanned.samplesOf(i))).toEqual([2, 1, 3]);
  expect([scanned.histogramsEnd(0), scanned.histogramsEnd(2)]).toEqual([2, 4]);
  const times = [0, 1, 2, 3].map((k) => {
    const range = [scanned.histogramStart[k]!, scanned.histogramEnd[k]!] as const;
    return decodeHistogramMessage(scanned.bytes, ...range).t;
  });
  expect(times).toEqual([1, 2, 4, 5]);
});
