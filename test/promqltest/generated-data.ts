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
 * multiples of 1/64 below 2^21, so that their sums are exact. For `shared`, no sample is on a full
 * second and no counter comes near 0: there Prometheus's versions differ. Without stale markers
 * for `shared`, which are no part of the text form in which it is given to Prometheus.
 */
export function generateData(choices: Choices, profile: Profile): StoredSeries[] {
  return new Maker(choices, profile === "full").make();
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
        this.#add("gauge", labels, () => (inst === "a" ? choices.pick(odd) : this.#dyadic()));
        this.#add("other", labels, () => this.#dyadic());
        this.#addBuckets(labels);
      }
    }
    for (const job of [...JOBS, "z"]) this.#add("info", { job, ver: `v${job}` }, () => 1);
    if (this.#full) this.#addTargets();
    return this.#out;
  }

  #dyadic(): number {
    return Math.floor((this.#choices.next() * 10 - 5) * 64) / 64;
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
