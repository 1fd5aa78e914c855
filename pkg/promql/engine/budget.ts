import { NarthexError } from "#pkg/errs/mod.ts";
import type { SampleBudget } from "./row.ts";

/** Bytes of a float sample in memory: its time or kind, and its value. */
const SAMPLE_BYTES = 16;

/** Limits of what a query may hold at once. */
export interface BudgetLimits {
  readonly samples: number;
  /** Estimated. */
  readonly bytes: number;
}

/** What was counted before work that is counted apart. */
interface OuterCount {
  total: number;
  readonly perStep: Float64Array | undefined;
  readonly outer: OuterCount | undefined;
}

/** Counts what a query holds in memory, and the samples that it looks at. */
export class Budget implements SampleBudget {
  readonly #max: BudgetLimits;
  #samples = 0;
  #bytes = 0;
  /** The most samples held at one time. */
  peakSamples = 0;
  /** The most bytes held at one time, estimated. */
  peakBytes = 0;
  /**
   * Samples looked at, counted again for each step that looks at them; those that a subquery looks
   * at count when its result is looked at. Source: Prometheus util/stats QuerySamples.
   */
  total = 0;
  /** The same by step; undefined if nobody asked. */
  perStep: Float64Array | undefined;
  /** As `total`, but also within subqueries; never goes back. */
  progress = 0;

  #outer: OuterCount | undefined = undefined;

  constructor(max: BudgetLimits, perStep?: Float64Array) {
    this.#max = max;
    this.perStep = perStep;
  }

  /** Counts `samples` and `bytes` as held; over a limit is an `execution` error. */
  take(samples: number, bytes = samples * SAMPLE_BYTES): void {
    this.#samples += samples;
    this.#bytes += bytes;
    this.#check(this.#samples, this.#bytes);
  }

  give(samples: number, bytes = samples * SAMPLE_BYTES): void {
    this.#samples -= samples;
    this.#bytes -= bytes;
  }

  /** Checks that `samples` more for a moment are within the limits. */
  touch(samples: number): void {
    this.#check(this.#samples + samples, this.#bytes + samples * SAMPLE_BYTES);
  }

  /** Counts samples as looked at: `weight` in all, and what each step says. */
  lookedAt(weight: number, steps: { weightAt(i: number): number }): void {
    this.total += weight;
    this.progress += weight;
    const { perStep } = this;
    if (perStep === undefined) return;
    for (let i = 0; i < perStep.length; i++) perStep[i] = perStep[i]! + steps.weightAt(i);
  }

  /** Does work whose samples are not counted as looked at. */
  async uncounted<T>(work: () => Promise<T>): Promise<T> {
    return (await this.#apart(work)).result;
  }

  /** Does work whose result stands for `steps` steps: what it looks at counts for each of them. */
  async repeated<T>(steps: number, work: () => Promise<T>): Promise<T> {
    const { result, looked } = await this.#apart(work);
    this.total += looked * steps;
    const { perStep } = this;
    if (perStep !== undefined) {
      for (let i = 0; i < perStep.length; i++) perStep[i] = perStep[i]! + looked;
    }
    return result;
  }

  /** Within `uncounted` or `repeated`: work that counts for what is around that. */
  outside(work: () => void): void {
    const outer = this.#outer;
    if (outer === undefined) {
      work();
      return;
    }
    const { total, perStep } = this;
    this.total = outer.total;
    this.perStep = outer.perStep;
    this.#outer = outer.outer;
    work();
    outer.total = this.total;
    this.#outer = outer;
    this.total = total;
    this.perStep = perStep;
  }

  async #apart<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly looked: number }> {
    const own: OuterCount = { total: this.total, perStep: this.perStep, outer: this.#outer };
    this.#outer = own;
    this.total = 0;
    this.perStep = undefined;
    const result = await work();
    const looked = this.total;
    this.total = own.total;
    this.perStep = own.perStep;
    this.#outer = own.outer;
    return { result, looked };
  }

  #check(samples: number, bytes: number): void {
    if (samples > this.peakSamples) this.peakSamples = samples;
    if (bytes > this.peakBytes) this.peakBytes = bytes;
    if (samples > this.#max.samples) {
      throw new NarthexError(
        "execution",
        "query processing would load too many samples into memory in query execution: " +
          `${samples}, the limit is ${this.#max.samples} (max_samples_per_query)`,
        { detail: { limit: this.#max.samples, got: samples } },
      );
    }
    if (bytes > this.#max.bytes) {
      throw new NarthexError(
        "execution",
        `the query would hold an estimated ${bytes} bytes in memory, the limit is ` +
          `${this.#max.bytes} (max_estimated_memory_consumption_per_query)`,
        { detail: { limit: this.#max.bytes, got: bytes } },
      );
    }
  }
}
