import type { Clock, Timer } from "#pkg/clock/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";

/** Samples of one request, and which record each is from. */
export class ShardBatch {
  readonly builder = new WriteRequestBuilder();
  readonly tickets: Float64Array;
  readonly timestamps: Float64Array;
  /** Where sample i ends in the body. */
  readonly ends: Float64Array;
  count = 0;

  constructor(capacity: number) {
    this.tickets = new Float64Array(capacity);
    this.timestamps = new Float64Array(capacity);
    this.ends = new Float64Array(capacity);
  }

  clear(): void {
    this.builder.clear();
    this.count = 0;
  }
}

/** How a shard gathers and who sends for it. */
export interface ShardOptions {
  readonly clock: Clock;
  readonly maxSamplesPerSend: number;
  /** Full batches that may wait. */
  readonly readyMax: number;
  readonly batchSendDeadlineMs: number;
  /** Delivers a batch or gives it up; rejects only when the shard is to end. */
  readonly deliver: (batch: ShardBatch) => Promise<void>;
}

/**
 * One lane of a remote: samples go out in the order they came in, one request at a time. A batch
 * is sent when it is full, or when its first sample has waited for the deadline.
 */
export class Shard {
  readonly #options: ShardOptions;
  #filling: ShardBatch;
  #ready: ShardBatch[] = [];
  #spare: ShardBatch[] = [];
  #deadline: Timer | undefined = undefined;
  /** The batch that fills is due, full or not. */
  #due = false;
  #wake: (() => void) | undefined = undefined;
  #room: (() => void)[] = [];
  #ended = false;
  readonly #range = { start: 0, end: 0 };
  readonly #bits = { hi: 0, lo: 0 };
  /** Samples that wait or are on their way. */
  pending = 0;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#filling = new ShardBatch(options.maxSamplesPerSend);
  }

  /** Adds a sample; false if there is no room, and the caller waits for `room`. */
  add(
    labels: { bytes: Uint8Array; start: number; end: number },
    sample: { timestampMs: number; hi: number; lo: number },
    ticket: number,
  ): boolean {
    if (this.#filling.count === this.#options.maxSamplesPerSend && !this.#promote()) return false;
    const batch = this.#filling;
    const i = batch.count;
    this.#range.start = labels.start;
    this.#range.end = labels.end;
    this.#bits.hi = sample.hi;
    this.#bits.lo = sample.lo;
    batch.builder.sampleOfBytes(labels.bytes, this.#range, sample.timestampMs, this.#bits);
    batch.tickets[i] = ticket;
    batch.timestamps[i] = sample.timestampMs;
    batch.ends[i] = batch.builder.byteLength;
    batch.count = i + 1;
    this.pending++;
    if (i === 0) this.#arm();
    if (batch.count === this.#options.maxSamplesPerSend) this.#promote();
    return true;
  }

  /** Resolves when a sample may fit again, or the shard has ended. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) resolve();
      else this.#room.push(resolve);
    });
  }

  /** Sends what there is without waiting for more. */
  flush(): void {
    if (this.#filling.count > 0) this.#due = true;
    this.#wakeUp();
  }

  /** Sends batches until `end` is called; resolves then. */
  async run(): Promise<void> {
    while (!this.#ended) {
      const batch = this.#take();
      if (batch === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        await this.#options.deliver(batch);
      } catch {
        // Told to end: what is left is in the log.
        break;
      }
      this.pending -= batch.count;
      batch.clear();
      this.#spare.push(batch);
      for (const wake of this.#room.splice(0)) wake();
    }
  }

  /** Ends `run` after the request that is under way. */
  end(): void {
    this.#ended = true;
    this.#deadline?.cancel();
    this.#wakeUp();
    for (const wake of this.#room.splice(0)) wake();
  }

  /** Moves the full batch to those that are ready, if there is room. */
  #promote(): boolean {
    if (this.#ready.length >= this.#options.readyMax) return false;
    this.#ready.push(this.#filling);
    this.#next();
    this.#wakeUp();
    return true;
  }

  #take(): ShardBatch | undefined {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    const full = this.#filling.count === this.#options.maxSamplesPerSend;
    if (this.#filling.count === 0 || !(this.#due || full)) return undefined;
    const batch = this.#filling;
    this.#next();
    return batch;
  }

  #next(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#due = false;
    this.#filling = this.#spare.pop() ?? new ShardBatch(this.#options.maxSamplesPerSend);
  }

  #arm(): void {
    this.#deadline = this.#options.clock.setTimeout(() => {
      this.#deadline = undefined;
      this.flush();
    }, this.#options.batchSendDeadlineMs);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
