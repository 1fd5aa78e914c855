/** A seeded source of choices. */
export class Choices {
  #state = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)]!;
  }
}

const words = (text: string): string[] => text.split(" ");
const SELECTORS = [
  "req_total",
  "gauge",
  "lat_bucket",
  "info",
  'gauge{inst="a"}',
  'req_total{job=~"x|z"}',
  '{__name__=~"gauge|info"}',
  'lat_bucket{le!="1"}',
];
const RANGE_FUNCTIONS = words(
  "delta irate idelta deriv changes resets sum_over_time avg_over_time " +
    "min_over_time max_over_time count_over_time last_over_time stddev_over_time " +
    "stdvar_over_time present_over_time absent_over_time",
);
const MAPS = words("abs ceil floor sgn timestamp sqrt ln absent");
const GROUPINGS = [
  "",
  " by (job)",
  " by (inst, job)",
  " without (inst)",
  " by (__name__)",
  " without (le)",
];

/**
 * Makes random queries over the data of `differential.ts` whose meaning has not changed between
 * Prometheus 2.42 and 3: without ties to break, without what only the left end of a range decides.
 */
export class QueryGenerator {
  readonly #choices: Choices;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  vector(depth: number): string {
    const { pick } = this.#bound();
    if (depth <= 0) return this.#selector();
    const inner = (): string => this.vector(depth - 1);
    switch (Math.floor(this.#choices.next() * 11)) {
      case 0:
        // Of counters that come near 0 the two versions think differently; these do not.
        return `${pick(words("rate increase"))}(req_total[${pick(words("1m 5m 20m"))}])`;
      case 1:
        return `${pick(RANGE_FUNCTIONS)}(${this.#range(depth, true)})`;
      case 2:
        return `quantile_over_time(${pick(words("0.5 0.9 1.2"))}, ${this.#range(depth, true)})`;
      case 3:
        return `predict_linear(${this.#range(depth, false)}, ${pick(words("60 -300"))})`;
      case 4:
      case 5:
        return `${pick(words("sum avg min max count group"))}${pick(GROUPINGS)} (${inner()})`;
      case 6:
        return `quantile${pick(GROUPINGS)} (${pick(words("0.3 0.95"))}, ${inner()})`;
      case 7: {
        const op = pick(words("+ - * / % ^ and or unless"));
        const on = pick(["", " on (job, inst)", " ignoring (le)", " on (inst, job, le)"]);
        return `(${inner()} ${op}${on} ${inner()})`;
      }
      case 8:
        return `(${inner()} ${pick(["+", "*", "/", "==", "> bool", "<"])} ${this.#scalar(depth)})`;
      case 9:
        return `${pick(MAPS)}(${inner()})`;
      default:
        return pick([
          "histogram_quantile(0.9, sum by (le, job) (rate(lat_bucket[5m])))",
          `label_replace(${inner()}, "job", "$1", "inst", "(.*)")`,
          `clamp(${inner()}, -2, 2)`,
          `round(${inner()}, 0.5)`,
          `-(${inner()})`,
          "req_total * on (job) group_left (ver) info",
          `label_join(${inner()}, "dst", "-", "job", "inst")`,
        ]);
    }
  }

  #bound(): { pick: <T>(from: readonly T[]) => T } {
    return { pick: (from) => this.#choices.pick(from) };
  }

  #selector(): string {
    const { pick } = this.#bound();
    return pick(SELECTORS) + pick(["", "", "", " offset 2m", " @ 1700001500", " offset -90s"]);
  }

  #range(depth: number, pinned: boolean): string {
    const { pick } = this.#bound();
    // A subquery in a subquery would look at times that are on the edge of its range.
    if (this.#choices.next() < 0.2) return `(${this.#selector()})[${pick(["5m:1m", "10m:37s"])}]`;
    const modifiers = ["", " offset 2m", ...(pinned ? [" @ 1700001500"] : [])];
    const range = `[${pick(words("1m 5m 37s 20m"))}]`;
    return depth > 0 ? pick(SELECTORS) + range + pick(modifiers) : `gauge${range}`;
  }

  #scalar(depth: number): string {
    return this.#choices.pick([
      "1",
      "2.5",
      "-1",
      "0",
      "time() / 1e9",
      `scalar(${this.vector(depth - 2)})`,
    ]);
  }
}
