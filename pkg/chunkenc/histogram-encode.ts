import { assert } from "#pkg/errs/mod.ts";
import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Chunk, ChunkEncoding, type SampleColumns } from "#pkg/storage/mod.ts";
import { type Cut, firstFlags, HistogramGroup } from "./histogram-group.ts";
import { EMPTY_LAYOUT } from "./histogram-layout.ts";
import { HistogramWriter } from "./histogram-writer.ts";

/** The most samples that the count in the header can name. */
const SAMPLES_MAX = 0xffff;

/**
 * The chunks of entries `[from, to)` of `columns`, which are histograms and stale markers in
 * ascending order. A new chunk begins where Prometheus begins one: at a counter reset, where the
 * schema, the zero threshold or the custom bounds change, between counters and gauges, and behind a
 * stale marker. All histograms of a chunk are given the buckets that any of them has. For `integer`
 * chunks all counts are whole numbers. Start timestamps are not kept. The chunks own their bytes.
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
  for (let i = from; i < to; i++) {
    const h = columns.histograms?.[i];
    assert(h !== undefined || columns.isStale(i), "entries are histograms or stale markers");
    const cut: Cut =
      group && i - start < SAMPLES_MAX ? group.cutBefore(h) : { flags: firstFlags(h) };
    if (cut === undefined && group) {
      group.take(h);
      continue;
    }
    if (group) out.push(encodeGroup(columns, start, i, group, integer));
    group = new HistogramGroup(cut?.flags ?? firstFlags(h));
    group.take(h);
    start = i;
  }
  if (group) out.push(encodeGroup(columns, start, to, group, integer));
  return out;
}

/**
 * Entries `[from, to)`, at least one, which come from one chunk, as one chunk; whether they continue
 * each other is not asked. Otherwise as `encodeHistograms`.
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
  const writer = new HistogramWriter(group.layout ?? EMPTY_LAYOUT, group.flags, integer);
  for (let i = from; i < to; i++) writer.append(timestamps[i]!, columns.histograms?.[i]);
  const bytes = writer.view().slice();
  const encoding = integer ? ChunkEncoding.histogram : ChunkEncoding.floatHistogram;
  const [mint, maxt] = [timestamps[from]!, timestamps[to - 1]!];
  return { encoding, mint, maxt, bytes, start: 0, end: bytes.length };
}
