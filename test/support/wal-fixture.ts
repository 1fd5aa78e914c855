import { seriesFromChunks } from "#pkg/chunkenc/mod.ts";
import { CounterReset, FloatHistogram } from "#pkg/histogram/mod.ts";
import { formatLabels, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  canonicalLabelBytes,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import { SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";
import { DurableHead, type DurableHeadOptions, type ReplayReport } from "#pkg/tsdb/mod.ts";
import { samplesText } from "./storage-fixture.ts";

const T0 = 1_700_000_000_000;
const STEP_MS = 15_000;
const SERIES = 8;
/** More than there are: none is lost but by damage. */
const EXEMPLARS_MAX = 1000;
const OPTIONS: DurableHeadOptions = {
  blockDurationMs: 7_200_000,
  outOfOrderWindowMs: 1e9,
  creationGraceMs: 1e9,
  exemplarsMax: EXEMPLARS_MAX,
  segmentBytesMax: 1 << 20,
  fsync: "never",
};

/** What a WAL holds: per series, its samples as text; and its exemplars, under a name of their own. */
export type WalContent = ReadonlyMap<string, readonly string[]>;

/** Opens the WAL in `dir`; series are found by the same hashes each time. */
export function openWal(dir: string): Promise<{ durable: DurableHead; report: ReplayReport }> {
  return DurableHead.open(dir, OPTIONS, new LabelHasher(1, 2));
}

const walLabels = (series: number): Labels =>
  labelsFromObject({ __name__: `wal_${series}`, instance: "host:9100" });

/**
 * Pushes a scrape of the series `[from, to)`: floats, but for each fourth, which is a histogram; some
 * have exemplars.
 */
export async function pushScrape(
  durable: DurableHead,
  scrape: number,
  range: { readonly from: number; readonly to: number } = { from: 0, to: SERIES },
): Promise<void> {
  const builder = new WriteRequestBuilder();
  const bits = new DataView(new ArrayBuffer(8));
  for (let i = range.from; i < range.to; i++) {
    const t = T0 + scrape * STEP_MS;
    if (i % 4 === 3) {
      const h = Object.assign(new FloatHistogram(), { count: scrape + 1, sum: scrape / 2 });
      h.positiveSpans = Int32Array.of(i, 1);
      h.positiveBuckets = Float64Array.of(scrape + 1);
      builder.histogram(walLabels(i), t, h, false);
    } else if (i === 2 && scrape % 7 === 6) builder.sample(walLabels(i), t, STALE_HI, STALE_LO);
    else {
      bits.setFloat64(0, i === 0 ? scrape : Math.sqrt(scrape * (i + 1)));
      // What one of them measures begins anew now and then.
      const start = i % 4 === 1 && scrape > 8 ? T0 + (scrape >> 3) : 0;
      const begun = { t, start };
      builder.startedSample(walLabels(i), begun, bits.getUint32(0), bits.getUint32(4));
    }
  }
  for (let i = range.from; i < range.to; i++) {
    if (i % 4 !== 1 || scrape < 5 || scrape % 3 !== 0) continue;
    const labels = labelsFromObject({ trace_id: `trace-${scrape}`, ...(i > 4 && { span: "é" }) });
    builder.exemplars(walLabels(i), [{ labels, value: scrape / 4, timestamp: T0 + scrape }]);
  }
  const body = builder.view();
  const request = new ScannedRequest();
  const { head } = durable;
  request.scan(body, 0, body.length, head.hasher, head.index);
  const refused: string[] = [];
  const sink = {
    reject: (reason: string) => refused.push(reason),
    refuseExemplar: (reason: string) => refused.push(reason),
  };
  const admission = { admit: () => undefined, exemplarsMax: EXEMPLARS_MAX };
  await durable.append(request, T0, admission, sink);
  if (refused.length > 0) throw new Error(`push refused: ${refused.join()}`);
}

/**
 * Fills a WAL that is new: two segments, between which more series come, with samples out of order; the
 * caller may take a checkpoint before the second.
 */
export async function fillWal(
  durable: DurableHead,
  between: (segment: number) => Promise<void> = async () => undefined,
): Promise<void> {
  for (let scrape = 5; scrape < 30; scrape++) {
    await pushScrape(durable, scrape, { from: 0, to: SERIES / 2 });
  }
  await pushScrape(durable, 2, { from: 0, to: SERIES / 2 });
  // As if one of them had gone: a checkpoint keeps its exemplars under its labels.
  const { head } = durable;
  head.exemplars.leave(head.findLabels(canonicalLabelBytes(walLabels(1))));
  await between(await durable.rotate());
  for (let scrape = 30; scrape < 50; scrape++) await pushScrape(durable, scrape);
  await pushScrape(durable, 3);
}

/** All samples of a head. */
export async function walContent(durable: DurableHead): Promise<WalContent> {
  const out = new Map<string, string[]>();
  const params = { mint: -1e15, maxt: 1e15, matchers: [newMatcher("!=", "__name__", "")] };
  const signal = new AbortController().signal;
  for await (const batch of durable.reader.selectChunks(params, signal)) {
    for (const { labels, chunks } of batch) {
      const columns = new SampleColumns();
      seriesFromChunks({ labels, chunks }).read(columns, -1e15, 1e15);
      // What a histogram says of a reset depends on what was before it.
      for (const h of columns.histograms ?? [])
        if (h !== undefined) h.counterReset = CounterReset.unknown;
      out.set(formatLabels(labels), samplesText(columns));
    }
  }
  const { matchers, ...times } = params;
  const found = await durable.head.exemplars.select({ ...times, matcherSets: [matchers] }, signal);
  for (const { labels, exemplars } of found) {
    const text = exemplars.map((e) => `${formatLabels(e.labels)} ${e.value} ${e.timestamp}`);
    out.set(`exemplars of ${formatLabels(labels)}`, text);
  }
  return out;
}
