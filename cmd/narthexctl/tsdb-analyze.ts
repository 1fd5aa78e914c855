import { type BlockContent, type BlockFiles, openBlockFiles } from "#pkg/block/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Postings } from "#pkg/index/mod.ts";
import { compareBytes, type Matcher, METRIC_NAME } from "#pkg/labels/mod.ts";
import { formatDuration } from "#pkg/model/mod.ts";
import { parseMetricSelector } from "#pkg/promql/mod.ts";
import type { Io } from "./io.ts";
import { blockSources, type SourceOptions } from "./sources.ts";
import { ChunkAnalysis } from "./tsdb-chunks.ts";

/** What is analyzed. */
export interface AnalyzeOptions extends SourceOptions {
  /** A block's id; the last one where absent. */
  readonly block?: string;
  /** Lines of each list. */
  readonly limit: number;
  readonly extended?: boolean;
  readonly match?: string;
  readonly quiet?: boolean;
}

/** Series read at once. */
const BATCH_SERIES = 4096;

/** How often something occurs, and for how much of the block's time it is missing. */
interface Tally {
  count: number;
  uncoveredMs: number;
}

/** `tsdb analyze`: what makes a block large. */
export async function analyzeBlock(
  dir: string | undefined,
  options: AnalyzeOptions,
  io: Io,
): Promise<void> {
  const matchers = options.match === undefined ? undefined : parseMetricSelector(options.match);
  const sources = await blockSources(dir, options, io);
  const wanted = options.block;
  const source =
    wanted === undefined ? sources[sources.length - 1] : sources.find(({ id }) => id === wanted);
  if (!source) throw new NarthexError("not_found", `there is no block ${wanted}`);
  const files = await source.open();
  try {
    await analyze(files, matchers, options, io);
  } finally {
    io.progress.stop();
    await files.close();
  }
}

async function analyze(
  files: BlockFiles,
  matchers: readonly Matcher[] | undefined,
  options: AnalyzeOptions,
  io: Io,
): Promise<void> {
  const block = await openBlockFiles(files, io.signal);
  const { meta, index } = block;
  const rangeMs = meta.maxTime - meta.minTime;
  const lines = [
    `Block ID: ${meta.ulid}`,
    `Duration: ${formatDuration(rangeMs)}`,
    `Total Series: ${meta.stats?.numSeries ?? 0}`,
  ];
  if (matchers) lines.push(`Matcher: ${options.match}`);
  const refs = await index.select(matchers ?? [], io.signal);
  const names = matchers ? await index.labelNamesOf(matchers, io.signal) : index.labelNames();
  lines.push(`Label names: ${names.length}`);
  if (matchers) lines.push(`Matched series: ${refs.length}`);
  const tallies = await tally(block, refs, options, io);
  lines.push(`Postings (unique label pairs): ${tallies.pairs.size}`);
  lines.push(`Postings entries (total label pairs): ${tallies.entries}`);

  const lists = [...listsOf(tallies, rangeMs)];
  const lengths: Counted[] = [];
  const cardinalities: Counted[] = [];
  for (const name of names) {
    const values = tallies.values.get(name) ?? { count: 0, bytes: 0 };
    lengths.push([name, values.bytes]);
    cardinalities.push([name, values.count]);
  }
  lists.push(["Label names with highest cumulative label value length", lengths]);
  lists.push(["Highest cardinality labels", cardinalities]);
  const metrics = [...tallies.pairs]
    .filter(([pair]) => pair.startsWith(`${METRIC_NAME}=`))
    .map(([pair, { count }]): Counted => [pair.slice(METRIC_NAME.length + 1), count]);
  lists.push(["Highest cardinality metric names", metrics]);
  for (const [title, list] of lists) lines.push("", `${title}:`, ...top(list, options.limit));
  await io.out(`${lines.join("\n")}\n`);
  if (options.extended) {
    const chunks = new ChunkAnalysis(block);
    await chunks.run(refs, io, options.quiet === true);
    await io.out(chunks.report());
  }
}

type Counted = readonly [key: string, count: number];

interface Tallies {
  readonly names: Map<string, Tally>;
  readonly pairs: Map<string, Tally>;
  /** By label name: how many values there are, and their bytes. */
  readonly values: Map<string, { count: number; bytes: number }>;
  entries: number;
}

async function tally(
  block: BlockContent,
  refs: Postings,
  options: AnalyzeOptions,
  io: Io,
): Promise<Tallies> {
  const { index, meta } = block;
  const out: Tallies = { names: new Map(), pairs: new Map(), values: new Map(), entries: 0 };
  const everything = { mint: Number.NEGATIVE_INFINITY, maxt: Number.POSITIVE_INFINITY };
  if (!options.quiet) io.progress.start("Reading the index", "series");
  for (let at = 0; at < refs.length; at += BATCH_SERIES) {
    const batch = refs.subarray(at, at + BATCH_SERIES);
    for (const { labels, chunks } of await index.readSeries(batch, everything, io.signal)) {
      const covered = chunks.length === 0 ? 0 : chunks[chunks.length - 1]!.maxt - chunks[0]!.mint;
      const uncovered = meta.maxTime - meta.minTime - covered;
      for (let i = 0; i < labels.length; i += 2) {
        const [name, value] = [labels[i]!, labels[i + 1]!];
        add(out.names, name, uncovered);
        if (add(out.pairs, `${name}=${value}`, uncovered)) {
          const own = out.values.get(name) ?? { count: 0, bytes: 0 };
          own.count++;
          own.bytes += Buffer.byteLength(value);
          out.values.set(name, own);
        }
        out.entries++;
      }
    }
    if (!options.quiet) io.progress.update(at + batch.length, refs.length);
  }
  io.progress.stop();
  return out;
}

/** True if the key is new. */
function add(into: Map<string, Tally>, key: string, uncoveredMs: number): boolean {
  const own = into.get(key);
  if (!own) {
    into.set(key, { count: 1, uncoveredMs });
    return true;
  }
  own.count++;
  own.uncoveredMs += uncoveredMs;
  return false;
}

function* listsOf(
  tallies: Tallies,
  rangeMs: number,
): Generator<[title: string, list: readonly Counted[]]> {
  const churn = (from: Map<string, Tally>): Counted[] =>
    [...from].map(([key, { uncoveredMs }]) => [key, Math.trunc(uncoveredMs / rangeMs)]);
  yield ["Label pairs most involved in churning", churn(tallies.pairs)];
  yield ["Label names most involved in churning", churn(tallies.names)];
  const common = [...tallies.pairs].map(([key, { count }]): Counted => [key, count]);
  yield ["Most common label pairs", common];
}

function top(list: readonly Counted[], limit: number): string[] {
  return [...list]
    .sort((a, b) => b[1] - a[1] || compareBytes(a[0], b[0]))
    .slice(0, limit)
    .map(([key, count]) => `${count} ${key}`);
}
