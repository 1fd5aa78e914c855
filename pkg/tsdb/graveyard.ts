import { yieldNow } from "#pkg/async/mod.ts";
import { PAGE_BITS, PAGE_MASK } from "./arena.ts";
import type { Head } from "./head.ts";
import type { HeadReader } from "./head-read.ts";
import {
  FLAG_DEAD,
  NO_ADDRESS,
  ROW,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

/** Series buried, and series numbers looked at in postings, between two pauses. */
const SERIES_PER_SLICE = 512;
const REFS_PER_SLICE = 100_000;
const SYMBOLS_PER_SLICE = 4096;

/** Numbers of rows and symbols that lost their meaning at one time. */
interface Remains {
  readonly refs: readonly number[];
  readonly symbols: readonly number[];
  readonly buriedAt: number;
  /** True once a checkpoint without these series stands for what the log said of them. */
  isForgotten: boolean;
}

/**
 * Takes series out of a head that nothing was heard of for long, piece by piece, while samples come
 * in and reads go on:
 *
 *     bury       the series cannot be found any more, and its row is marked dead; at once for each
 *                series, since samples for one that is half gone would be lost
 *                then: postings, ranking, labels
 *     forget     the log knows it no more
 *     release    its row and symbols can be given to others, when reads of that time have ended
 */
export class Graveyard {
  readonly #head: Head;
  readonly #reader: HeadReader;
  readonly #restMs: number;
  #remains: Remains[] = [];

  /** @param restMs no read of the head, nor what it has answered, is used for longer than this. */
  constructor(head: Head, reader: HeadReader, restMs: number) {
    this.#head = head;
    this.#reader = reader;
    this.#restMs = restMs;
  }

  /** Series and symbols that are dead and still take memory. */
  get size(): number {
    return this.#remains.reduce((sum, { refs, symbols }) => sum + refs.length + symbols.length, 0);
  }

  /** Takes those of `idle` out that still have no samples; returns how many. */
  async bury(idle: readonly number[], nowMs: number): Promise<number> {
    const dead: number[] = [];
    for (const [i, ref] of idle.entries()) {
      if (this.#buryOne(ref)) dead.push(ref);
      if (i % SERIES_PER_SLICE === SERIES_PER_SLICE - 1) await yieldNow();
    }
    if (dead.length === 0) return 0;
    await this.#cleanPostings(dead);
    await this.#reader.forgetDead();
    await this.#dropLabels(dead);
    // Given out from the end, so in ascending order.
    const refs = dead.sort((a, b) => b - a);
    const symbols = this.#head.symbols.takeUnused();
    this.#remains.push({ refs, symbols, buriedAt: nowMs, isForgotten: false });
    return dead.length;
  }

  /** To be called when a checkpoint has taken the place of the log. */
  forget(): void {
    for (const remains of this.#remains) remains.isForgotten = true;
  }

  /** Gives back what has rested for long enough, in slices. */
  async release(nowMs: number): Promise<void> {
    const isOver = (remains: Remains): boolean =>
      remains.isForgotten && nowMs - remains.buriedAt >= this.#restMs;
    const over = this.#remains.filter(isOver);
    this.#remains = this.#remains.filter((remains) => !isOver(remains));
    // A symbol that lost its last use twice rests from the second time on.
    const resting = new Set(this.#remains.flatMap(({ symbols }) => symbols));
    for (const { refs, symbols } of over) {
      this.#head.rows.release(refs);
      for (let at = 0; at < symbols.length; at += SYMBOLS_PER_SLICE) {
        const slice = symbols.slice(at, at + SYMBOLS_PER_SLICE);
        this.#head.symbols.release(slice.filter((id) => !resting.has(id)));
        await yieldNow();
      }
    }
  }

  #buryOne(ref: number): boolean {
    const head = this.#head;
    const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
    const word = (ref & ROW_MASK) * ROW_WORDS;
    const isOpen = words[word + ROW.openAddress] !== (NO_ADDRESS | 0);
    if (isOpen || words[word + ROW.firstChunk]! >= 0 || head.ooo.has(ref)) return false;
    head.histograms.leave(ref);
    head.exemplars.leave(ref);
    head.starts.leave(ref);
    head.index.remove(words[word + ROW.entry]!);
    words[word + ROW.flags] = words[word + ROW.flags]! | FLAG_DEAD;
    head.liveSeries--;
    return true;
  }

  /** Takes the dead out of the lists of their labels, each of which is gone through once. */
  async #cleanPostings(dead: readonly number[]): Promise<void> {
    const head = this.#head;
    const pairs = new Map<number, Set<number>>();
    for (const [i, ref] of dead.entries()) {
      forEachLabel(head, ref, (nameId, valueId) => {
        let values = pairs.get(nameId);
        if (values === undefined) pairs.set(nameId, (values = new Set()));
        values.add(valueId);
      });
      if (i % SERIES_PER_SLICE === SERIES_PER_SLICE - 1) await yieldNow();
    }
    const isDead = (ref: number): boolean => head.isDead(ref);
    let work = 0;
    for (const [nameId, values] of pairs) {
      for (const valueId of values) {
        work += 16 + head.postings.removeWhere(nameId, valueId, isDead);
        if (work < REFS_PER_SLICE) continue;
        work = 0;
        await yieldNow();
      }
    }
  }

  async #dropLabels(dead: readonly number[]): Promise<void> {
    const head = this.#head;
    for (const [i, ref] of dead.entries()) {
      forEachLabel(head, ref, (nameId, valueId) => {
        head.symbols.disuse(nameId);
        head.symbols.disuse(valueId);
      });
      const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
      const word = (ref & ROW_MASK) * ROW_WORDS;
      head.labelArena.free(words[word + ROW.labelsAt]! >>> 0, words[word + ROW.labelCount]! * 4);
      words[word + ROW.labelCount] = 0;
      if (i % SERIES_PER_SLICE === SERIES_PER_SLICE - 1) await yieldNow();
    }
  }
}

function forEachLabel(head: Head, ref: number, each: (name: number, value: number) => void): void {
  const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
  const word = (ref & ROW_MASK) * ROW_WORDS;
  const address = words[word + ROW.labelsAt]! >>> 0;
  const ids = head.labelArena.words[address >>> PAGE_BITS]!;
  const at = (address & PAGE_MASK) >>> 2;
  const end = at + words[word + ROW.labelCount]!;
  for (let i = at; i < end; i += 2) each(ids[i]!, ids[i + 1]!);
}
