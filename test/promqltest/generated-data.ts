import { CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "#pkg/histogram/mod.ts";
import type { Choices } from "./choices.ts";
import type { Profile } from "./query-generator.ts";
import type { Point, StoredSeries, Value } from "./twin/mod.ts";

/** Where the samples begin, s. */
export const BASE_SECONDS = 1_700_000_000;
const STEP_SECONDS = 15;
const SAMPLES = 240;
/** Off the second, so that no end of a range falls on a sample. */
const OFF_SECOND_MS = 7;

const INSTANCES = ["a", "b", "c"];
const JOBS = ["x", "y"];

/**
 * Series with gaps, stale markers, NaN and infinities; for `queries-generator.ts`. All values are
 * multiples of 2^-20 below 2^21, so that their sums are exact. For `shared`, no sample is on a full
 * second and no counter comes near 0: there Prometheus's versions differ. Without stale markers
 * for `shared`, which are no part of the text form in which it is given to Prometheus.
 */
export function generateData(choices: Choices, profile: Profile): StoredSeries[] {
  return new Maker(choices, profile === "full").make();
}

/** A histogram that counts, now and then from 0 again, and now and then at another resolution. */
class Observations {
  readonly #choices: Choices;
  readonly #variant: number = 0;
  #counts: number[] = [];
  #zero = 0;
  #sum = 0;
  #schema = 1;

  constructor(choices: Choices, variant: number) {
    this.#choices = choices;
    this.#variant = variant;
    this.#reset();
  }

  #reset(): void {
    this.#counts = new Array<number>(6).fill(0);
    this.#zero = 0;
    this.#sum = 0;
  }

  next(i: number): FloatHistogram {
    const choices = this.#choices;
    if (choices.next() < 0.05) this.#reset();
    if (this.#variant === 2 && i === SAMPLES / 4) {
      this.#schema = 0;
      this.#reset();
    }
    this.#counts = this.#counts.map((count) => count + choices.pick([0, 0, 1, 2]));
    this.#zero += choices.pick([0, 1]);
    this.#sum += choices.pick([0, 1.5, 2.25]);
    const h = new FloatHistogram();
    h.schema = this.#schema;
    h.zeroThreshold = 2 ** -7;
    h.zeroCount = this.#zero;
    h.sum = this.#sum;
    // Two buckets, a gap, two more; the last two of the counts are below 0.
    h.positiveSpans = Int32Array.of(-1, 2, 1, 2);
    h.positiveBuckets = Float64Array.from(this.#counts.slice(0, 4));
    if (this.#variant === 1) {
      h.negativeSpans = Int32Array.of(0, 2);
      h.negativeBuckets = Float64Array.from(this.#counts.slice(4));
    }
    const all = [...h.positiveBuckets, ...h.negativeBuckets, h.zeroCount];
    h.count = all.reduce((sum, count) => sum + count, 0);
    return h;
  }
}

/** The same counts in custom buckets. */
function toCustom(h: FloatHistogram, bounds: readonly number[]): FloatHistogram {
  const out = new FloatHistogram();
  out.schema = CUSTOM_BUCKETS;
  out.customValues = Float64Array.from(bounds);
  out.sum = h.sum;
  out.positiveSpans = Int32Array.of(0, 4);
  out.positiveBuckets = h.positiveBuckets.slice();
  out.count = out.positiveBuckets.reduce((sum, count) => sum + count, 0);
  return out;
}

class Maker {
  readonly #choices: Choices;
  readonly #full: boolean;
  readonly #out: StoredSeries[] = [];

  constructor(choices: Choices, full: boolean) {
    this.#choices = choices;
    this.#full = full;
  }

  make(): StoredSeries[] {
    const choices = this.#choices;
    for (const inst of INSTANCES) {
      for (const job of JOBS) {
        const labels = { inst, job };
        const start = INSTANCES.indexOf(inst) * 1000 + JOBS.indexOf(job) * 100;
        let count = 1e6 + start;
        this.#add("req_total", labels, () => (count += choices.pick([0, 1, 2, 5.5])));
        let flaky = this.#full ? 0 : 5e5;
        const floor = this.#full ? 0 : 4e5;
        this.#add("flaky_total", labels, () => {
          flaky = choices.next() < 0.04 ? floor : flaky + choices.pick([0, 1, 3, 10.25]);
          return flaky;
        });
        const odd = [1, 2, -3, 4.25, 0, NaN, Infinity, ...(this.#full ? [-Infinity] : [])];
        this.#add("gauge", labels, () => (inst === "a" ? choices.pick(odd) : this.#dyadic(start)));
        this.#add("other", labels, () => this.#dyadic(start));
        this.#addBuckets(labels);
      }
    }
    for (const job of [...JOBS, "z"]) this.#add("info", { job, ver: `v${job}` }, () => 1);
    if (this.#full) {
      this.#addTargets();
      this.#addHistograms();
    }
    return this.#out;
  }

  /** Native histograms: counters with resets, gauges, custom buckets, and floats among them. */
  #addHistograms(): void {
    for (const inst of INSTANCES) {
      const labels = { inst, job: "x" };
      const exponential = new Observations(this.#choices, INSTANCES.indexOf(inst));
      this.#add("nh", labels, (i) => exponential.next(i));
      const gauge = new Observations(this.#choices, 1);
      this.#add("nh_gauge", labels, (i) => {
        const h = gauge.next(i);
        h.counterReset = CounterReset.gauge;
        return h;
      });
      const custom = new Observations(this.#choices, 0);
      const bounds = inst === "c" ? [0.1, 1, 5] : [0.1, 0.5, 1];
      this.#add("nhcb", labels, (i) => toCustom(custom.next(i), bounds));
      const mixed = new Observations(this.#choices, 2);
      this.#add("mixed", labels, (i) => {
        const h = mixed.next(i);
        if (i < SAMPLES / 3) return h;
        return i < SAMPLES / 2 ? i : toCustom(h, bounds);
      });
    }
  }

  /** Different for different `start`s. */
  #dyadic(start: number): number {
    return Math.floor((this.#choices.next() * 10 - 5) * 64) / 64 + start / 2 ** 20;
  }

  /** The buckets of one histogram are scraped together. */
  #addBuckets(labels: Readonly<Record<string, string>>): void {
    const present = this.#present(labels["inst"]!);
    for (const [le, rate] of [
      ["0.1", 1],
      ["0.5", 1.7],
      ["1", 2.2],
      ["+Inf", 3],
    ] as const) {
      const value = (i: number): number => 1e4 + Math.round(i * rate);
      this.#push("lat_bucket", { ...labels, le }, { present, value });
    }
  }

  /** What `info` needs: `instance` and `job`, and labels that change at some time. */
  #addTargets(): void {
    for (const instance of ["i1", "i2"]) {
      const target = { instance, job: "x" };
      this.#add("target_up", target, () => 1);
      const half = SAMPLES / 2;
      const parts: readonly [string, (i: number) => boolean][] = [
        ["v1", (i) => i < half],
        ["v2", (i) => i >= half - 3],
      ];
      for (const [ver, when] of parts) {
        const present = Array.from({ length: SAMPLES }, (_, i) => when(i));
        this.#push("target_info", { ...target, ver }, { present, value: () => 1 });
      }
      this.#add("info", { ...target, ver: "vx", build: "b" }, () => 1);
    }
  }

  #present(inst: string): boolean[] {
    return Array.from({ length: SAMPLES }, (_, i) => {
      const gap = inst === "b" && i > 100 && i < 140;
      return this.#choices.next() >= 0.15 && !gap;
    });
  }

  #add(name: string, labels: Readonly<Record<string, string>>, value: (i: number) => Value): void {
    this.#push(name, labels, { present: this.#present(labels["inst"] ?? ""), value });
  }

  #push(
    name: string,
    labels: Readonly<Record<string, string>>,
    {
      present,
      value,
    }: { readonly present: readonly boolean[]; readonly value: (i: number) => Value },
  ): void {
    // Half of the series of the full profile are scraped on the full second.
    const offMs = this.#full && this.#choices.next() < 0.5 ? 0 : OFF_SECOND_MS;
    const points: Point<Value | undefined>[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const timeMs = (BASE_SECONDS + i * STEP_SECONDS) * 1000 + offMs;
      const made = value(i);
      if (present[i]) points.push({ timeMs, value: made });
      else if (this.#full && present[i - 1] && this.#choices.next() < 0.3) {
        points.push({ timeMs, value: undefined });
      }
    }
    this.#out.push({ metric: new Map(Object.entries({ __name__: name, ...labels })), points });
  }
}
