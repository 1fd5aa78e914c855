import type { SampleColumns } from "#pkg/storage/mod.ts";
import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

/** Bit of the header's byte about starts: the first sample has one. */
export const START_KNOWN = 0x80;
/** The other bits: the number of the sample from which on each has a start; 0 for none. */
export const START_CHANGE_MASK = 0x7f;
/** At this sample starts begin whether they change or not: the header can name no later one. */
export const START_CHANGE_MAX = 0x7f;

/** Starts beyond this are no times, and their differences would not be exact. */
const START_MAX = 2 ** 52;

/** A start timestamp, ms, as chunks keep it: what is no integer within ±2^52 is unknown, 0. */
export function knownStart(startMs: number): number {
  return Number.isInteger(startMs) && startMs >= -START_MAX && startMs <= START_MAX ? startMs : 0;
}

/** True if any of entries `[from, to)` of `columns` has a start timestamp that chunks can keep. */
export function hasStarts(columns: SampleColumns, from: number, to: number): boolean {
  const { starts } = columns;
  if (starts === undefined) return false;
  for (let i = from; i < to; i++) if (starts[i] !== 0 && knownStart(starts[i]!) !== 0) return true;
  return false;
}

/** The times of a sample, ms: its start, its own, and that of the sample before it. */
export interface SampleTimes {
  readonly start: number;
  readonly t: number;
  readonly previous: number;
}

/** Writes the start timestamps of histogram chunks. Source: docs/format/chunks.md#start-timestamps. */
export class StartWriter {
  /** The byte of the chunk's header. */
  header = 0;
  #start = 0;
  #distance = 0;

  /** Writes the start of sample `i` of the chunk. */
  write(i: number, times: SampleTimes, to: BitWriter): void {
    const start = knownStart(times.start);
    if (i === 0) {
      this.#start = start;
      if (start === 0) return;
      this.header = START_KNOWN;
      to.varint(times.t - start);
      return;
    }
    const hasBegun = (this.header & START_CHANGE_MASK) !== 0;
    if (!hasBegun && start === this.#start && i !== START_CHANGE_MAX) return;
    const distance = times.previous - start;
    to.varbitInt(hasBegun ? distance - this.#distance : distance);
    if (!hasBegun) this.header |= i;
    this.#distance = distance;
    this.#start = start;
  }
}

/** Reads what `StartWriter` writes. */
export class StartReader {
  /** The start of the sample last read, ms; 0 for unknown. */
  start = 0;
  readonly #isFirstKnown: boolean;
  readonly #from: number;
  #distance = 0;

  constructor(header: number) {
    this.#isFirstKnown = (header & START_KNOWN) !== 0;
    this.#from = header & START_CHANGE_MASK;
  }

  /** Reads the start of sample `i` at time `t`, behind one at `previous`. */
  read(i: number, t: number, previous: number, from: BitReader): void {
    if (i === 0) {
      if (this.#isFirstKnown) this.#set(t - from.varint(), from);
      return;
    }
    if (this.#from === 0 || i < this.#from) return;
    this.#distance += from.varbitInt();
    this.#set(previous - this.#distance, from);
  }

  #set(start: number, from: BitReader): void {
    if (!Number.isSafeInteger(start)) from.fail("start timestamp is beyond 2^53");
    this.start = start;
  }
}
