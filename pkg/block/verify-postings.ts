import { ByteReader } from "#pkg/encoding/mod.ts";
import { type RandomAccess, readRanges } from "#pkg/fsutil/mod.ts";
import { decodePostings, type IndexHeader, type Postings } from "#pkg/index/mod.ts";
import { compareBytes } from "#pkg/labels/mod.ts";
import { INDEX_FILE } from "./meta.ts";
import type { BlockCheck } from "./verify-check.ts";

/** Lists that are read side by side. */
const BATCH_LISTS = 512;

/**
 * Sums over the label pairs of series, name by name. Postings must come to the same: that finds a
 * list with a series too many, too few or in the wrong place without memory for every pair.
 */
export class NameSums {
  readonly #names = new Map<string, { count: number; sum: number }>();

  /** Counts series `ref` with label `name` and the value that `hashText` gave `hash`. */
  add(name: string, hash: number, ref: number): void {
    let own = this.#names.get(name);
    if (own === undefined) {
      own = { count: 0, sum: 0 };
      this.#names.set(name, own);
    }
    own.count++;
    own.sum = (own.sum + mix(hash ^ Math.imul(ref, 0x9e3779b1))) >>> 0;
  }

  /** The names whose counts or sums differ from those of `other`. */
  differences(other: NameSums): { name: string; series: number; listed: number }[] {
    const out: { name: string; series: number; listed: number }[] = [];
    for (const name of new Set([...this.#names.keys(), ...other.#names.keys()])) {
      const own = this.#names.get(name);
      const its = other.#names.get(name);
      if (own?.count === its?.count && own?.sum === its?.sum) continue;
      out.push({ name, series: own?.count ?? 0, listed: its?.count ?? 0 });
    }
    return out.sort((a, b) => compareBytes(a.name, b.name));
  }
}

/** FNV-1a over UTF-16 units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function mix(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

interface PostingsCheck {
  readonly access: RandomAccess;
  readonly header: IndexHeader;
  /** All series of the index, ascending. */
  readonly refs: Uint32Array;
  readonly sums: NameSums;
}

interface List {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** Checks every postings list against the series of the index. */
export async function verifyPostings(check: BlockCheck, index: PostingsCheck): Promise<void> {
  const table = index.header.postings;
  const listed = new NameSums();
  let batch: List[] = [];
  for (const name of ["", ...table.names()]) {
    const cursor = table.values(name);
    let before: string | undefined;
    while (cursor.next()) {
      const { value } = cursor;
      if (before !== undefined && compareBytes(before, value) >= 0) {
        const text = `postings of ${name}: value ${JSON.stringify(value)} is out of order`;
        check.problem(INDEX_FILE, index.header.toc.postingsTable, text);
      }
      before = value;
      batch.push({ name, value, ...cursor.range });
      if (batch.length < BATCH_LISTS) continue;
      await verifyLists(check, index, batch, listed);
      batch = [];
    }
  }
  await verifyLists(check, index, batch, listed);
  for (const { name, series, listed: count } of index.sums.differences(listed)) {
    const text = `postings of ${name} list ${count} series, ${series} have the label`;
    const tail = count === series ? ": not the same ones, or under other values" : "";
    check.problem(INDEX_FILE, index.header.toc.postings, text + tail);
  }
}

async function verifyLists(
  check: BlockCheck,
  index: PostingsCheck,
  lists: readonly List[],
  listed: NameSums,
): Promise<void> {
  const { access, refs } = index;
  const starts = Float64Array.from(lists, ({ start }) => Math.min(start, access.size));
  const ends = Float64Array.from(lists, ({ end }) => end);
  const read = await readRanges(access, starts, ends, check.files.coalesce, check.signal);
  for (const [i, list] of lists.entries()) {
    const { bytes, start } = read[i]!;
    let postings: Postings;
    try {
      postings =
        decodePostings(access.path, bytes, start, list.start) ??
        (await readList(access, list.start, check.signal));
    } catch (error) {
      check.caught(INDEX_FILE, error);
      continue;
    }
    check.advance(4 * postings.length + 12);
    const problem = verifyList(postings, refs, list.name === "");
    const pair = `postings of ${list.name}=${JSON.stringify(list.value)}`;
    if (problem) check.problem(INDEX_FILE, list.start, `${pair}: ${problem}`);
    if (list.name === "") continue;
    const hash = hashText(list.value);
    for (let k = 0; k < postings.length; k++) listed.add(list.name, hash, postings[k]!);
    if (check.pacer.due()) await check.pacer.yield();
  }
}

async function readList(
  access: RandomAccess,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<Postings> {
  const head = await access.read(offset, 4, signal);
  const length = new ByteReader(access.path, head, 0, 4, offset).u32() + 8;
  const bytes = await access.read(offset, length, signal);
  return decodePostings(access.path, bytes, 0, offset)!;
}

/** What is wrong with a list, or undefined. */
function verifyList(postings: Postings, refs: Uint32Array, isAll: boolean): string | undefined {
  if (isAll && postings.length !== refs.length) {
    return `${postings.length} series, the index has ${refs.length}`;
  }
  let at = 0;
  for (let i = 0; i < postings.length; i++) {
    const ref = postings[i]!;
    if (i > 0 && ref <= postings[i - 1]!) return `reference ${ref} is out of order`;
    at = lowerBound(refs, ref, at);
    if (at >= refs.length || refs[at] !== ref) return `reference ${ref} is no series`;
  }
  return undefined;
}

function lowerBound(list: Uint32Array, wanted: number, from: number): number {
  let low = from;
  let high = list.length;
  // Steps that grow first: lists walk through the references from front to back.
  for (let step = 1; low + step < high && list[low + step]! < wanted; step *= 2) low += step;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
