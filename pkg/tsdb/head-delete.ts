import { withoutIntervals } from "#pkg/block/mod.ts";
import type { Chunk } from "#pkg/storage/mod.ts";
import type { Interval } from "#pkg/tombstones/mod.ts";
import type { Head } from "./head.ts";
import type { HeadReader } from "./head-read.ts";
import { OooSamples } from "./ooo.ts";
import {
  FLAG_NEWEST_DELETED,
  FLAG_OOO,
  NO_ADDRESS,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

/**
 * Drops the samples of series `ref` within `range` (ms, both ends inclusive) from the head. No cut may
 * be under way. True if there were any. What comes later is not touched, also where it is older.
 */
export function deleteRange(head: Head, reader: HeadReader, ref: number, range: Interval): boolean {
  const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
  const doubles = head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
  const word = (ref & ROW_MASK) * ROW_WORDS;
  const double = (ref & ROW_MASK) * ROW_DOUBLES;
  const isOpen = words[word + ROW.openAddress] !== (NO_ADDRESS | 0);
  const openMint = doubles[double + ROW.openMint]!;
  if (isOpen && openMint <= range.maxt && doubles[double + ROW.lastT]! >= range.mint) {
    head.closeChunk(ref);
  }
  const newest = doubles[double + ROW.lastT]!;
  if (newest >= range.mint && newest <= range.maxt) {
    words[word + ROW.flags] = words[word + ROW.flags]! | FLAG_NEWEST_DELETED;
  }
  const fromChunks = deleteFromChunks(head, reader, ref, range);
  const late = deleteLate(head.ooo, ref, range);
  const taken = deleteLate(head.cutOoo, ref, range);
  if ((late || taken) && !head.ooo.has(ref) && !head.cutOoo.has(ref)) {
    words[word + ROW.flags] = words[word + ROW.flags]! & ~FLAG_OOO;
  }
  return fromChunks || late || taken;
}

/** Takes the range out of the closed chunks; those that lose a part of it are encoded anew. */
function deleteFromChunks(head: Head, reader: HeadReader, ref: number, range: Interval): boolean {
  const { chunks } = head;
  const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
  const word = (ref & ROW_MASK) * ROW_WORDS;
  let deleted = false;
  let last = -1;
  const link = (id: number): void => {
    if (last < 0) words[word + ROW.firstChunk] = id;
    else chunks.setNext(last, id);
    last = id;
  };
  for (let id = words[word + ROW.firstChunk]!, next = -1; id >= 0; id = next) {
    next = chunks.next(id);
    if (chunks.mint(id) > range.maxt || chunks.maxt(id) < range.mint) {
      link(id);
      continue;
    }
    for (const rest of remainderOf(reader.copyChunk(id), range)) {
      link(chunks.add(rest, rest.bytes, rest.start, rest.end));
    }
    chunks.remove(id);
    deleted = true;
  }
  if (!deleted) return false;
  if (last < 0) words[word + ROW.firstChunk] = -1;
  else chunks.setNext(last, -1);
  words[word + ROW.lastChunk] = last;
  return true;
}

function remainderOf(chunk: Chunk, range: Interval): Chunk[] {
  return withoutIntervals([chunk], [range], { mint: chunk.mint, maxt: chunk.maxt });
}

function deleteLate(all: Map<number, OooSamples>, ref: number, { mint, maxt }: Interval): boolean {
  const samples = all.get(ref);
  if (samples === undefined) return false;
  const kept = new OooSamples();
  samples.visit((t, hi, lo, histogram) => {
    if (t < mint || t > maxt) kept.insert(t, hi, lo, histogram);
  });
  if (kept.length === samples.length) return false;
  if (kept.length === 0) all.delete(ref);
  else all.set(ref, kept);
  return true;
}
