import type { LogPosition } from "./log.ts";

/**
 * How far a remote has everything. Each record that is read opens a ticket, each of its samples
 * that is sent or given up counts it down; the position is behind the last record before which no
 * ticket is open.
 */
export class Progress {
  #position: LogPosition;
  /** Samples that are not settled, per open ticket, and where each record ends. */
  #open: number[] = [];
  #ends: LogPosition[] = [];
  /** Number of the ticket at index 0. */
  #first = 0;

  constructor(position: LogPosition) {
    this.#position = position;
  }

  /** Everything before it is settled. */
  get position(): LogPosition {
    return this.#position;
  }

  /** Tickets that are open. */
  get openCount(): number {
    return this.#open.length;
  }

  /** Opens the ticket of a record that ends at `end`; the caller holds it until `settle(…, 1)`. */
  begin(end: LogPosition): number {
    this.#open.push(1);
    this.#ends.push(end);
    return this.#first + this.#open.length - 1;
  }

  /** `count` more samples of the record wait to be settled. */
  add(ticket: number, count: number): void {
    this.#open[ticket - this.#first]! += count;
  }

  /** `count` samples of the record are settled. */
  settle(ticket: number, count: number): void {
    this.#open[ticket - this.#first]! -= count;
    let done = 0;
    while (done < this.#open.length && this.#open[done]! <= 0) done++;
    if (done === 0) return;
    this.#position = this.#ends[done - 1]!;
    this.#open.splice(0, done);
    this.#ends.splice(0, done);
    this.#first += done;
  }
}
