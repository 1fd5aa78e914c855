import { throwIfAborted } from "#pkg/async/mod.ts";
import type { IndexReader, Postings } from "#pkg/index/mod.ts";
import { compareLabels, type Labels, type Matcher } from "#pkg/labels/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  type SelectParams,
  uniteChunks,
  uniteStrings,
} from "#pkg/storage/mod.ts";
import type { BlockQuerier } from "./querier.ts";

/** Series whose labels are read between two checks of the signal. */
const SCAN_SERIES = 4096;
/** A range that no chunk overlaps: only labels are wanted. */
const NO_CHUNKS = { mint: Number.POSITIVE_INFINITY, maxt: Number.NEGATIVE_INFINITY };

/**
 * A block whose series all carry some labels more, as those of a Thanos bucket do: the added ones
 * take the place of a series' own, matchers see them, and answers are in the order of the labels
 * that come out. Where no series has one of the added names, series are put in order on the way,
 * holding back as many as they have labels at most; else the labels of all selected series are
 * sorted first, and series that become one are joined.
 */
export class ExternalQuerier implements ChunkQuerier {
  readonly #inner: BlockQuerier;
  readonly #index: IndexReader;
  readonly #added: Labels;

  /** @param index that of the block which `inner` reads. */
  constructor(inner: BlockQuerier, index: IndexReader, added: Labels) {
    this.#inner = inner;
    this.#index = index;
    this.#added = added;
  }

  async *selectChunks(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    const matchers = matchersBelow(params.matchers, this.#added);
    if (!matchers) return;
    // The first ones of what comes out are not the first ones of what goes in.
    const { limit = 0, ...rest } = params;
    const inner = { ...rest, matchers };
    const doesReplace = this.#doesReplace();
    const stage: Stage = doesReplace ? new JoinEqual() : new Reorder();
    const batches = doesReplace
      ? this.#sorted(inner, signal)
      : this.#inner.selectChunks(inner, signal);
    let count = 0;
    let out: ChunkSeries[] = [];
    for await (const batch of batches) {
      for (const { labels, chunks } of batch) {
        stage.push({ labels: withLabels(labels, this.#added), chunks }, out);
      }
      if (limit > 0 && count + out.length >= limit) break;
      if (out.length === 0) continue;
      count += out.length;
      yield out;
      out = [];
    }
    stage.end(out);
    if (limit > 0) out = out.slice(0, limit - count);
    if (out.length > 0) yield out;
  }

  async labelNames(params: LabelParams, signal: AbortSignal): Promise<string[]> {
    const names = await this.#names(params, signal);
    if (names.length === 0) return [];
    return uniteStrings([names, this.#added.filter((_, i) => i % 2 === 0)], params.limit);
  }

  async labelValues(name: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    const value = addedValue(this.#added, name);
    if (value !== undefined) {
      return (await this.#names(params, signal)).length > 0 ? [value] : [];
    }
    const matchers = matchersBelow(params.matchers, this.#added);
    return matchers ? this.#inner.labelValues(name, { ...params, matchers }, signal) : [];
  }

  /** Names that the block itself has; none where no series matches. */
  async #names(params: LabelParams, signal: AbortSignal): Promise<string[]> {
    const matchers = matchersBelow(params.matchers, this.#added);
    if (!matchers) return [];
    const { limit: _, ...rest } = params;
    return this.#inner.labelNames({ ...rest, matchers }, signal);
  }

  #doesReplace(): boolean {
    const { postings } = this.#index.header;
    return this.#added.some((name, i) => i % 2 === 0 && postings.valueCount(name) > 0);
  }

  /** The series in the order of their labels with the added ones, read in that order. */
  async *#sorted(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    if (!this.#inner.overlaps(params)) return;
    const refs = await this.#index.select(params.matchers, signal);
    const all: { ref: number; labels: Labels }[] = [];
    for (let at = 0; at < refs.length; at += SCAN_SERIES) {
      throwIfAborted(signal);
      const slice = refs.subarray(at, at + SCAN_SERIES);
      for (const { ref, labels } of await this.#index.readSeries(slice, NO_CHUNKS, signal)) {
        all.push({ ref, labels: withLabels(labels, this.#added) });
      }
    }
    all.sort((a, b) => compareLabels(a.labels, b.labels));
    const sorted: Postings = Uint32Array.from(all, ({ ref }) => ref);
    yield* this.#inner.readRefs(sorted, params, signal);
  }
}

/** The matchers of other labels than the added ones; undefined if one of those does not match. */
export function matchersBelow(
  matchers: readonly Matcher[],
  added: Labels,
): readonly Matcher[] | undefined {
  const rest: Matcher[] = [];
  for (const matcher of matchers) {
    const value = addedValue(added, matcher.name);
    if (value === undefined) rest.push(matcher);
    else if (!matcher.matches(value)) return undefined;
  }
  return rest;
}

function addedValue(added: Labels, name: string): string | undefined {
  for (let i = 0; i < added.length; i += 2) if (added[i] === name) return added[i + 1];
  return undefined;
}

/** `labels` with `added` in place of its own of the same names. */
export function withLabels(labels: Labels, added: Labels): Labels {
  const out: string[] = [];
  let a = 0;
  for (let i = 0; i < labels.length; i += 2) {
    // Names are compared as they are sorted, by bytes: see `compareLabels` of one pair.
    while (a < added.length && isBefore(added[a]!, labels[i]!)) out.push(added[a++]!, added[a++]!);
    if (a < added.length && added[a] === labels[i]) out.push(added[a++]!, added[a++]!);
    else out.push(labels[i]!, labels[i + 1]!);
  }
  while (a < added.length) out.push(added[a++]!, added[a++]!);
  return out;
}

function isBefore(a: string, b: string): boolean {
  return compareLabels([a, ""], [b, ""]) < 0;
}

/** A stage that series pass through on their way out. */
interface Stage {
  push(series: ChunkSeries, out: ChunkSeries[]): void;
  end(out: ChunkSeries[]): void;
}

/**
 * Puts series in label order that were in order before labels were added which none of them had.
 * Only a series whose labels begin another one's can have to wait for that: so those that wait are
 * beginnings of each other, and at most as many as a series has labels.
 */
class Reorder implements Stage {
  readonly #waiting: ChunkSeries[] = [];

  push(series: ChunkSeries, out: ChunkSeries[]): void {
    const waiting = this.#waiting;
    while (waiting.length > 0) {
      const top = waiting[waiting.length - 1]!;
      if (compareLabels(top.labels, series.labels) > 0) break;
      out.push(waiting.pop()!);
    }
    waiting.push(series);
  }

  end(out: ChunkSeries[]): void {
    while (this.#waiting.length > 0) out.push(this.#waiting.pop()!);
  }
}

/** Makes series that follow each other with equal labels one. */
class JoinEqual implements Stage {
  #before: ChunkSeries | undefined;

  push(series: ChunkSeries, out: ChunkSeries[]): void {
    const before = this.#before;
    if (before && compareLabels(before.labels, series.labels) === 0) {
      const chunks = uniteChunks([before.chunks, series.chunks]);
      this.#before = { labels: series.labels, chunks };
      return;
    }
    if (before) out.push(before);
    this.#before = series;
  }

  end(out: ChunkSeries[]): void {
    if (this.#before) out.push(this.#before);
  }
}
