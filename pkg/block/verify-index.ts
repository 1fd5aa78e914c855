import type { RandomAccess } from "#pkg/fsutil/mod.ts";
import {
  type IndexHeader,
  readIndexHeader,
  verifyLabelIndices,
  type WalkedSeries,
  walkSeries,
} from "#pkg/index/mod.ts";
import { compareBytes, compareLabels, formatLabels, type Labels } from "#pkg/labels/mod.ts";
import { type BlockMeta, INDEX_FILE } from "./meta.ts";
import type { BlockCheck } from "./verify-check.ts";
import { type ChunkListing, ChunkSource, verifyChunks } from "./verify-chunks.ts";
import { hashText, NameSums, verifyPostings } from "./verify-postings.ts";

/** Chunks that are read side by side. */
const BATCH_CHUNKS = 4096;

/**
 * Checks the index, and the chunks that it names. Returns the references of all series, ascending;
 * undefined where the index cannot be opened at all.
 */
export async function verifyIndex(
  check: BlockCheck,
  meta: BlockMeta | undefined,
): Promise<Uint32Array | undefined> {
  let access: RandomAccess;
  let header: IndexHeader;
  try {
    access = await check.files.open(INDEX_FILE);
    header = await readIndexHeader(access, check.signal);
  } catch (error) {
    check.caught(INDEX_FILE, error);
    return undefined;
  }
  check.advance(header.byteLength);
  const source = await ChunkSource.open(check);
  const walk = new SeriesWalk(check, header);
  await verifySymbols(check, header);
  let series: ChunkListing[] = [];
  let chunkCount = 0;
  for await (const entry of walkSeries(access, header, check.signal)) {
    const listing = walk.visit(entry);
    if (listing) {
      series.push(listing);
      chunkCount += listing.chunks.length;
    }
    if (chunkCount < BATCH_CHUNKS) continue;
    await verifyChunks(check, { source, series }, meta);
    series = [];
    chunkCount = 0;
  }
  await verifyChunks(check, { source, series }, meta);
  const refs = walk.refs();
  await verifyPostings(check, { access, header, refs, sums: walk.sums });
  try {
    check.advance(await verifyLabelIndices(access, header, check.signal));
  } catch (error) {
    check.caught(INDEX_FILE, error);
  }
  return refs;
}

async function verifySymbols(check: BlockCheck, header: IndexHeader): Promise<void> {
  let before: string | undefined;
  for (const symbol of header.symbols.all()) {
    if (before !== undefined && compareBytes(before, symbol) >= 0) {
      const text = `symbol ${JSON.stringify(symbol)} is not above ${JSON.stringify(before)}`;
      check.problem(INDEX_FILE, header.toc.symbols, text);
      return;
    }
    before = symbol;
    if (check.pacer.due()) await check.pacer.yield();
  }
}

/** Checks series one after another, and remembers what postings are compared with. */
class SeriesWalk {
  readonly sums = new NameSums();
  readonly #check: BlockCheck;
  readonly #header: IndexHeader;
  readonly #hashes = new Map<number, number>();
  #refs = new Uint32Array(1024);
  #count = 0;
  #before: Labels | undefined;

  constructor(check: BlockCheck, header: IndexHeader) {
    this.#check = check;
    this.#header = header;
  }

  /** References so far, ascending. */
  refs(): Uint32Array {
    return this.#refs.subarray(0, this.#count);
  }

  visit(entry: WalkedSeries): ChunkListing | undefined {
    const wrong = (message: string): void => this.#check.problem(INDEX_FILE, entry.offset, message);
    this.#remember(entry.ref);
    this.#check.series++;
    this.#check.advance(entry.symbols.length * 2 + entry.chunks.length * 6 + 8);
    if (entry.error !== undefined) {
      wrong(entry.error);
      return undefined;
    }
    const labels: string[] = [];
    try {
      for (const ref of entry.symbols) labels.push(this.#header.symbols.lookup(ref));
    } catch (error) {
      this.#check.caught(INDEX_FILE, error);
      return undefined;
    }
    this.#visitLabels(labels, entry, wrong);
    if (entry.chunks.length === 0) wrong(`series ${formatLabels(labels)} without chunks`);
    return { offset: entry.offset, chunks: entry.chunks };
  }

  #visitLabels(labels: Labels, entry: WalkedSeries, wrong: (message: string) => void): void {
    for (let i = 0; i < labels.length; i += 2) {
      const [name, value] = [labels[i]!, labels[i + 1]!];
      if (i > 0 && compareBytes(labels[i - 2]!, name) >= 0) {
        wrong(`labels out of order: ${formatLabels(labels)}`);
      }
      if (name === "" || value === "") wrong(`an empty label: ${formatLabels(labels)}`);
      this.sums.add(name, this.#hashOf(entry.symbols[i + 1]!, value), entry.ref);
    }
    if (this.#before && compareLabels(this.#before, labels) >= 0) {
      wrong(`series ${formatLabels(labels)} is not above ${formatLabels(this.#before)}`);
    }
    this.#before = labels;
  }

  #hashOf(ref: number, value: string): number {
    let hash = this.#hashes.get(ref);
    if (hash === undefined) {
      if (this.#hashes.size > 1 << 16) this.#hashes.clear();
      hash = hashText(value);
      this.#hashes.set(ref, hash);
    }
    return hash;
  }

  #remember(ref: number): void {
    if (this.#count === this.#refs.length) {
      const grown = new Uint32Array(2 * this.#count);
      grown.set(this.#refs);
      this.#refs = grown;
    }
    this.#refs[this.#count++] = ref;
  }
}
