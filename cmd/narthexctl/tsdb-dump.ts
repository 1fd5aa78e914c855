import { type BlockFiles, openBlockFiles } from "#pkg/block/mod.ts";
import { chunkQuerierAsQuerier } from "#pkg/chunkenc/mod.ts";
import { formatHistogram } from "#pkg/histogram/mod.ts";
import { formatLabels, isLegacyLabelName, type Labels, METRIC_NAME } from "#pkg/labels/mod.ts";
import { formatFloatG } from "#pkg/model/mod.ts";
import { parseMetricSelector } from "#pkg/promql/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  type ChunkQuerier,
  mergeChunkQueriers,
  SampleColumns,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import type { Io } from "./io.ts";
import { blockSources, type SourceOptions } from "./sources.ts";

/** Printed at once. */
const TEXT_LENGTH = 64 * 1024;

/** What is dumped, and how. Times in ms, inclusive. */
export interface DumpOptions extends SourceOptions {
  readonly match?: readonly string[];
  readonly minTime?: number;
  readonly maxTime?: number;
  readonly format?: "prom" | "openmetrics" | "seriesjson";
}

/** Writes one series at a time as text. */
interface Writer {
  series(labels: Labels, columns: SampleColumns): Generator<string>;
  readonly end: string;
}

/** `tsdb dump` and `dump-openmetrics`: samples of all blocks, each time of a series once. */
export async function dumpBlocks(
  dir: string | undefined,
  options: DumpOptions,
  io: Io,
): Promise<void> {
  const selections = options.match?.map((text) => parseMetricSelector(text)) ?? [
    [newMatcher("=~", METRIC_NAME, ".*")],
  ];
  const range = {
    mint: options.minTime ?? Number.MIN_SAFE_INTEGER,
    maxt: options.maxTime ?? Number.MAX_SAFE_INTEGER,
  };
  const writer = WRITERS[options.format ?? "prom"];
  const blocks: BlockFiles[] = [];
  try {
    const queriers: ChunkQuerier[] = [];
    for (const source of await blockSources(dir, options, io)) {
      const files = await source.open();
      blocks.push(files);
      queriers.push((await openBlockFiles(files, io.signal)).querier);
    }
    const all = mergeChunkQueriers(queriers);
    const parts = selections.map((matchers) => fixed(all, { ...range, matchers }));
    await dump(mergeChunkQueriers(parts), { ...range, matchers: [] }, writer, io);
  } finally {
    await Promise.all(blocks.map((block) => block.close()));
  }
}

/** `inner` that always answers `params`: so that answers to several selectors can be merged. */
function fixed(inner: ChunkQuerier, params: SelectParams): ChunkQuerier {
  return {
    selectChunks: (_params, signal) => inner.selectChunks(params, signal),
    labelNames: (_params, signal) => inner.labelNames(params, signal),
    labelValues: (name, _params, signal) => inner.labelValues(name, params, signal),
  };
}

async function dump(
  source: ChunkQuerier,
  params: SelectParams,
  writer: Writer,
  io: Io,
): Promise<void> {
  const querier = chunkQuerierAsQuerier(source);
  const columns = new SampleColumns();
  let text = "";
  for await (const batch of querier.select(params, io.signal)) {
    for (const series of batch) {
      columns.clear();
      series.read(columns, params.mint, params.maxt);
      for (const line of writer.series(series.labels, columns)) {
        text += line;
        if (text.length < TEXT_LENGTH) continue;
        await io.out(text);
        text = "";
      }
    }
  }
  text += writer.end;
  if (text !== "") await io.out(text);
}

const WRITERS: Readonly<Record<NonNullable<DumpOptions["format"]>, Writer>> = {
  prom: {
    *series(labels, columns) {
      const name = formatLabels(labels);
      for (let i = 0; i < columns.length; i++) {
        const h = columns.histograms?.[i];
        const value = h ? formatHistogram(h) : formatFloatG(columns.values[i]!);
        yield `${name} ${value} ${columns.timestamps[i]!}\n`;
      }
    },
    end: "",
  },
  // Native histograms and stale markers cannot be said in OpenMetrics.
  openmetrics: {
    *series(labels, columns) {
      const name = openMetricsName(labels);
      for (let i = 0; i < columns.length; i++) {
        if (columns.isHistogram(i) || columns.isStale(i)) continue;
        const value = formatFloatG(columns.values[i]!);
        yield `${name} ${value} ${(columns.timestamps[i]! / 1000).toFixed(3)}\n`;
      }
    },
    end: "# EOF\n",
  },
  seriesjson: {
    *series(labels, columns) {
      if (columns.length === 0) return;
      const pairs: [string, string][] = [];
      for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i]!, labels[i + 1]!]);
      yield `${JSON.stringify(Object.fromEntries(pairs))}\n`;
    },
    end: "",
  },
};

/** `name{a="1",b="2"}`; names that are not plain stand in quotes, as OpenMetrics wants them. */
function openMetricsName(labels: Labels): string {
  let metric = "";
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const [name, value] = [labels[i]!, labels[i + 1]!];
    if (name === METRIC_NAME) metric = value;
    else parts.push(`${isLegacyLabelName(name) ? name : escaped(name)}=${escaped(value)}`);
  }
  if (/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric)) return `${metric}{${parts.join(",")}}`;
  return `{${[escaped(metric), ...parts].join(",")}}`;
}

function escaped(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
