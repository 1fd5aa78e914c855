import fc from "fast-check";
import { expect, test } from "vitest";
import { CounterReset, FloatHistogram, formatTestHistogram } from "#pkg/histogram/mod.ts";
import { ChunkEncoding, SampleColumns } from "#pkg/storage/mod.ts";
import { decodeChunk, encodeHistograms, HistogramAppender } from "./mod.ts";

interface Step {
  /** Observations by bucket; undefined is a stale marker. */
  readonly grown: readonly [number, number][] | undefined;
  readonly reset: boolean;
  readonly schema: number;
  readonly gauge: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  grown: fc.option(
    fc.array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: 0, max: 9 })), {
      maxLength: 4,
    }),
    { nil: undefined, freq: 12 },
  ),
  reset: fc.nat(15).map((n) => n === 0),
  schema: fc.nat(20).map((n) => (n === 0 ? 2 : 1)),
  gauge: fc.nat(20).map((n) => n === 0),
});

/** A counter that grows as the steps say. */
function columnsOf(steps: readonly Step[], unit: number): SampleColumns {
  const columns = new SampleColumns();
  let counts = new Map<number, number>();
  steps.forEach(({ grown, reset, schema, gauge }, i) => {
    const t = 1000 + i * 15 + (i % 7);
    if (grown === undefined) {
      columns.pushStale(t);
      return;
    }
    if (reset) counts = new Map();
    for (const [index, more] of grown) counts.set(index, (counts.get(index) ?? 0) + more * unit);
    const h = new FloatHistogram();
    if (gauge) h.counterReset = CounterReset.gauge;
    h.schema = schema;
    h.sum = i / 3;
    const filled = [...counts].sort((a, b) => a[0] - b[0]);
    const spans: number[] = [];
    filled.forEach(([index], n) => {
      const before = n === 0 ? -1 : filled[n - 1]![0];
      spans.push(n === 0 ? index : index - before - 1, 1);
    });
    h.positiveSpans = Int32Array.from(spans);
    h.positiveBuckets = Float64Array.from(filled.map(([, count]) => count));
    h.negativeSpans = Int32Array.of(3, 1);
    h.negativeBuckets = Float64Array.of(unit * i);
    h.count = h.positiveBuckets.reduce((a, b) => a + b, unit * i);
    columns.pushHistogram(t, h);
  });
  return columns;
}

function samplesOf(chunks: readonly { bytes: Uint8Array; encoding: number }[]): string[] {
  return chunks.flatMap(({ bytes, encoding }) => {
    const columns = new SampleColumns();
    const range = { mint: 0, maxt: 1e15, start: 0, end: bytes.length };
    decodeChunk({ encoding, bytes, ...range }, columns);
    return Array.from({ length: columns.length }, (_, i) => {
      const h = columns.histograms?.[i];
      return `${columns.timestamps[i]} ${h ? formatTestHistogram(h.copy().compact(0)) : "stale"}`;
    });
  });
}

test("HistogramAppender makes the chunks that encodeHistograms makes, readable at every moment", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.boolean(), (steps, integer) => {
      const columns = columnsOf(steps, integer ? 1 : 1 / 3);
      const chunks: { bytes: Uint8Array; encoding: number }[] = [];
      let open: HistogramAppender | undefined;
      for (let i = 0; i < columns.length; i++) {
        const t = columns.timestamps[i]!;
        const h = columns.histograms?.[i];
        if (open?.continues(h, integer)) open.append(t, h);
        else {
          if (open) chunks.push({ bytes: open.view().slice(), encoding: open.encoding });
          open = new HistogramAppender(t, h, integer);
        }
        const now = [...chunks, { bytes: open.view(), encoding: open.encoding }];
        const so = encodeHistograms(columns, 0, i + 1, integer);
        expect(now.map(({ bytes }) => (bytes[0]! << 8) | bytes[1]!)).toEqual(
          so.map(({ bytes }) => (bytes[0]! << 8) | bytes[1]!),
        );
        if (i % 10 === 0 || i === columns.length - 1) expect(samplesOf(now)).toEqual(samplesOf(so));
      }
      const encoding = integer ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram;
      expect(open?.encoding).toBe(encoding);
    }),
  );
});

test("a chunk of integers does not go on with floats, nor the other way round", () => {
  const h = new FloatHistogram();
  const integers = new HistogramAppender(5, h, true);
  expect([integers.continues(h, true), integers.continues(h, false)]).toEqual([true, false]);
  const floats = new HistogramAppender(5, h, false);
  expect([floats.continues(h, true), floats.continues(h, false)]).toEqual([false, true]);
  expect(floats.continues(undefined, true)).toBe(true);
});
