import { abortError, linkSignals, throwIfAborted } from "#pkg/async/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { compareBytes, compareLabels } from "#pkg/labels/mod.ts";
import type {
  Chunk,
  ChunkQuerier,
  ChunkSeries,
  LabelParams,
  LabelQuerier,
  SelectParams,
} from "./interface.ts";

/** Why sources are stopped when the answer is complete; made once, for its stack is costly. */
const NOT_WANTED = new NarthexError("canceled", "nothing more is wanted");
/** Series in a batch of merged results. */
const BATCH_SERIES = 512;

/** One source of a merge: the batch at hand, and the next one already asked for. */
interface Cursor {
  readonly iterator: AsyncIterator<readonly ChunkSeries[]>;
  /** Place among the sources; the lower one comes first where label sets are equal. */
  readonly order: number;
  batch: readonly ChunkSeries[];
  at: number;
  next: Promise<IteratorResult<readonly ChunkSeries[]>> | undefined;
}

/**
 * One querier over many. Series come sorted, each label set once, with the chunks of all sources
 * ordered by `mint` and identical ones (replicas) dropped. All sources are read at once, each at
 * most one batch ahead. The first error rejects the answer and cancels the other sources.
 */
export function mergeChunkQueriers(queriers: readonly ChunkQuerier[]): ChunkQuerier {
  if (queriers.length === 1) return queriers[0]!;
  return {
    selectChunks: (params, signal) => mergeSelect(queriers, params, signal),
    labelNames: (params, signal) =>
      mergeStrings(queriers, params, signal, (querier, inner) => querier.labelNames(params, inner)),
    labelValues: (name, params, signal) =>
      mergeStrings(queriers, params, signal, (querier, inner) =>
        querier.labelValues(name, params, inner),
      ),
  };
}

async function mergeStrings(
  queriers: readonly LabelQuerier[],
  params: LabelParams,
  signal: AbortSignal,
  ask: (querier: LabelQuerier, signal: AbortSignal) => Promise<string[]>,
): Promise<string[]> {
  throwIfAborted(signal);
  const linked = linkSignals(signal);
  try {
    const lists = await Promise.all(queriers.map((querier) => ask(querier, linked.signal)));
    return uniteStrings(lists, params.limit);
  } catch (error) {
    linked.abort(error);
    throw error;
  } finally {
    linked.dispose();
  }
}

/** The sorted union of lists, at most `limit` (0 or absent: all) of it. */
export function uniteStrings(lists: readonly (readonly string[])[], limit = 0): string[] {
  const all = new Set<string>();
  for (const list of lists) for (const item of list) all.add(item);
  const sorted = [...all].sort(compareBytes);
  return limit > 0 && sorted.length > limit ? sorted.slice(0, limit) : sorted;
}

async function* mergeSelect(
  queriers: readonly ChunkQuerier[],
  params: SelectParams,
  signal: AbortSignal,
): AsyncGenerator<readonly ChunkSeries[]> {
  throwIfAborted(signal);
  const linked = linkSignals(signal);
  const cursors = queriers.map((querier, order): Cursor => {
    const iterator = querier.selectChunks(params, linked.signal)[Symbol.asyncIterator]();
    return { iterator, order, batch: [], at: 0, next: undefined };
  });
  try {
    for (const cursor of cursors) prefetch(cursor);
    const filled = await Promise.all(cursors.map(advance));
    const heap = cursors.filter((_, i) => filled[i]);
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i);
    const limit = params.limit ?? 0;
    let count = 0;
    let out: ChunkSeries[] = [];
    while (heap.length > 0 && (limit === 0 || count < limit)) {
      if (heap.length === 1 && limit === 0) {
        // Nothing is left to merge with: what is packed stays so.
        if (out.length > 0) yield out;
        yield* restOf(heap[0]!, signal);
        return;
      }
      const first = takeTop(heap);
      // Awaited once a batch, not once a series: that would cost more than the merge.
      if (isSpent(heap)) await refill(heap);
      let lists: (readonly Chunk[])[] | undefined;
      while (heap.length > 0 && compareLabels(topOf(heap).labels, first.labels) === 0) {
        lists ??= [first.chunks];
        lists.push(takeTop(heap).chunks);
        if (isSpent(heap)) await refill(heap);
      }
      out.push(lists ? { labels: first.labels, chunks: uniteChunks(lists) } : first);
      count++;
      if (out.length === BATCH_SERIES) {
        yield out;
        if (signal.aborted) throw abortError(signal);
        out = [];
      }
    }
    if (out.length > 0) yield out;
  } finally {
    linked.abort(NOT_WANTED);
    await Promise.allSettled(cursors.map((cursor) => cursor.iterator.return?.()));
  }
}

/** Asks a source for its next batch, unless that was done. */
function prefetch(cursor: Cursor): void {
  if (cursor.next) return;
  cursor.next = cursor.iterator.next();
  // Awaited later, or never when another source fails first.
  cursor.next.catch(() => undefined);
}

/** Makes the next non-empty batch the one at hand; false at the end. */
async function advance(cursor: Cursor): Promise<boolean> {
  for (;;) {
    prefetch(cursor);
    const result = await cursor.next!;
    cursor.next = undefined;
    if (result.done) return false;
    prefetch(cursor);
    if (result.value.length > 0) {
      cursor.batch = result.value;
      cursor.at = 0;
      return true;
    }
  }
}

/** All that a source still has, batch by batch. */
async function* restOf(
  cursor: Cursor,
  signal: AbortSignal,
): AsyncGenerator<readonly ChunkSeries[]> {
  do {
    yield cursor.at === 0 ? cursor.batch : cursor.batch.slice(cursor.at);
    if (signal.aborted) throw abortError(signal);
  } while (await advance(cursor));
}

function topOf(heap: readonly Cursor[]): ChunkSeries {
  const cursor = heap[0]!;
  return cursor.batch[cursor.at]!;
}

/** Takes the lowest series; where that was the last of its batch, `refill` must follow. */
function takeTop(heap: Cursor[]): ChunkSeries {
  const cursor = heap[0]!;
  const series = cursor.batch[cursor.at++]!;
  if (cursor.at < cursor.batch.length) siftDown(heap, 0);
  return series;
}

/** True if the source on top has come to the end of its batch. */
function isSpent(heap: readonly Cursor[]): boolean {
  return heap[0]!.at === heap[0]!.batch.length;
}

async function refill(heap: Cursor[]): Promise<void> {
  if (!(await advance(heap[0]!))) {
    const last = heap.pop()!;
    if (heap.length > 0) heap[0] = last;
  }
  siftDown(heap, 0);
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const order = compareLabels(a.batch[a.at]!.labels, b.batch[b.at]!.labels);
  return order === 0 ? a.order < b.order : order < 0;
}

function siftDown(heap: Cursor[], from: number): void {
  for (let parent = from; ; ) {
    let least = 2 * parent + 1;
    if (least >= heap.length) return;
    if (least + 1 < heap.length && isBefore(heap[least + 1]!, heap[least]!)) least++;
    if (!isBefore(heap[least]!, heap[parent]!)) return;
    const moved = heap[parent]!;
    heap[parent] = heap[least]!;
    heap[least] = moved;
    parent = least;
  }
}

/** All chunks of the lists in order of `mint`, then `maxt`; identical ones once. */
export function uniteChunks(lists: readonly (readonly Chunk[])[]): Chunk[] {
  const all = lists.flat();
  all.sort((a, b) => a.mint - b.mint || a.maxt - b.maxt);
  const out: Chunk[] = [];
  for (const chunk of all) {
    let isRepeat = false;
    for (let i = out.length - 1; i >= 0 && out[i]!.mint === chunk.mint && !isRepeat; i--) {
      isRepeat = isSameChunk(out[i]!, chunk);
    }
    if (!isRepeat) out.push(chunk);
  }
  return out;
}

/** True if both chunks have the same encoding, range and bytes. */
export function isSameChunk(a: Chunk, b: Chunk): boolean {
  if (a.mint !== b.mint || a.maxt !== b.maxt || a.encoding !== b.encoding) return false;
  const length = a.end - a.start;
  if (length !== b.end - b.start) return false;
  if (a.bytes === b.bytes && a.start === b.start) return true;
  return Buffer.from(a.bytes.buffer, a.bytes.byteOffset + a.start, length).equals(
    Buffer.from(b.bytes.buffer, b.bytes.byteOffset + b.start, length),
  );
}
