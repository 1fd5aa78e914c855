import { assert } from "#pkg/errs/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, ChunkEncoding, type SampleColumns } from "#pkg/storage/mod.ts";
import { type Cut, firstFlags, HistogramGroup } from "./histogram-group.ts";
import {
  CounterResetFlags,
  EMPTY_LAYOUT,
  HISTOGRAM_SAMPLES_MAX,
  HISTOGRAM_ST_SAMPLES_MAX,
} from "./histogram-layout.ts";
import { HistogramWriter } from "./histogram-writer.ts";
import { hasStarts } from "./start-times.ts";

/**
 * The chunks of entries `[from, to)` of `columns`, which are histograms and stale markers in
 * ascending order. A new chunk begins where Prometheus begins one: at a counter reset, where the
 * schema, the zero threshold or the custom bounds change, between counters and gauges, and behind a
 * stale marker. All histograms of a chunk are given the buckets that any of them has. For `integer`
 * chunks all counts are whole numbers. Chunks with start timestamps keep them, in the encodings for
 * it. The chunks own their bytes.
 */
export function encodeHistograms(
  columns: SampleColumns,
  from: number,
  to: number,
  integer: boolean,
): Chunk[] {
  const out: Chunk[] = [];
  let start = from;
  let group: HistogramGroup | undefined;
  const samplesMax = hasStarts(columns, from, to)
    ? HISTOGRAM_ST_SAMPLES_MAX
    : HISTOGRAM_SAMPLES_MAX;
  for (let i = from; i < to; i++) {
    const h = columns.histograms?.[i];
    assert(h !== undefined || columns.isStale(i), "entries are histograms or stale markers");
    const cut: Cut =
      group && i - start < samplesMax ? group.cutBefore(h) : { flags: firstFlags(h) };
    if (cut === undefined && group) {
      group.take(h);
      continue;
    }
    if (group) out.push(encodeGroup(columns, start, i, group, integer));
    // Prometheus says of integers, not of floats, that a marker behind gauges follows without a reset.
    const isBehindGauges = h === undefined && group?.flags === CounterResetFlags.gauge;
    const flags = isBehindGauges && integer ? CounterResetFlags.notReset : cut?.flags;
    group = new HistogramGroup(flags ?? firstFlags(h));
    group.take(h);
    start = i;
  }
  if (group) out.push(encodeGroup(columns, start, to, group, integer));
  return out;
}

/**
 * Entries `[from, to)`, at least one, which come from one chunk, as one chunk; whether they continue
 * each other is not asked; at most as many as such a chunk can hold. Otherwise as
 * `encodeHistograms`.
 */
export function encodeHistogramPart(
  columns: SampleColumns,
  from: number,
  to: number,
  integer: boolean,
): Chunk {
  let first: FloatHistogram | undefined;
  for (let i = from; i < to && first === undefined; i++) first = columns.histograms?.[i];
  const group = new HistogramGroup(firstFlags(first));
  for (let i = from; i < to; i++) group.take(columns.histograms?.[i]);
  return encodeGroup(columns, from, to, group, integer);
}

function encodeGroup(
  columns: SampleColumns,
  from: number,
  to: number,
  group: HistogramGroup,
  integer: boolean,
): Chunk {
  const { timestamps } = columns;
  const starts = hasStarts(columns, from, to);
  const { flags, layout } = group;
  const writer = new HistogramWriter(layout ?? EMPTY_LAYOUT, { flags, integer, starts });
  for (let i = from; i < to; i++) {
    writer.append(timestamps[i]!, columns.histograms?.[i], columns.starts?.[i]);
  }
  const bytes = writer.view().slice();
  const encoding = histogramEncoding(integer, starts);
  const [mint, maxt] = [timestamps[from]!, timestamps[to - 1]!];
  return { encoding, mint, maxt, bytes, start: 0, end: bytes.length };
}

function histogramEncoding(integer: boolean, starts: boolean): ChunkEncoding {
  if (starts) return integer ? ChunkEncoding.histogramSt : ChunkEncoding.floatHistogramSt;
  return integer ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram;
}
