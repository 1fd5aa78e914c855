import type { Choices } from "./choices.ts";

/**
 * `shared`: what means the same in Prometheus 2.42 and 3.14. `full`: everything, and samples may be
 * anywhere.
 */
export type Profile = "shared" | "full";

/**
 * How far a value may be off from one implementation to another. `exact`: sums of it in any order
 * are exact. `same`: computed alike everywhere, bit for bit. `rough`: rounded differently; nothing
 * that tells neighbouring numbers apart, or that magnifies, is made of it.
 */
type Grade = "exact" | "same" | "rough";

interface Made {
  readonly text: string;
  readonly grade: Grade;
}

const words = (text: string): string[] => text.split(" ");

const SELECTORS = [
  "req_total",
  "gauge",
  "lat_bucket",
  "info",
  "flaky_total",
  'gauge{inst="a"}',
  'gauge{inst!="a"}',
  'req_total{job=~"x|z"}',
  'gauge{job!~"y.*"}',
  '{__name__=~"gauge|info"}',
  '{__name__=~"gauge|other"}',
  'lat_bucket{le!="1"}',
  'lat_bucket{inst=~"a|b",le=~"0.+"}',
  "nothing",
];
/** Of these no value stands twice at a time, so that there is one order. */
const WITHOUT_TIES = ['gauge{inst!="a"}', "req_total"];
const HISTOGRAM_SELECTORS = [
  "nh",
  "nhcb",
  "nh_gauge",
  "mixed",
  'nh{inst="b"}',
  '{__name__=~"nh|nhcb"}',
  '{__name__=~"nh|gauge",job="x"}',
];
/** Series that their labels without the name tell apart. */
const ONE_NAME = ["req_total", "gauge", "other", "flaky_total", 'gauge{inst="a"}'];
/** Functions of floats in a range that give what is exact, or what all compute alike. */
const EXACT_OVER = words(
  "idelta changes resets sum_over_time min_over_time max_over_time count_over_time " +
    "last_over_time present_over_time absent_over_time",
);
const SAME_OVER = words("delta irate deriv stddev_over_time stdvar_over_time");
const FULL_EXACT_OVER = words(
  "first_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time " +
    "ts_of_min_over_time mad_over_time",
);
/** Times are no sums of powers of two, a median is halfway between two values. */
const INEXACT = /^(?:ts_of_|mad_)/;
const EXACT_MAPS = words("abs ceil floor sgn absent");
const DATE_MAPS = words(
  "day_of_month day_of_week day_of_year days_in_month hour minute month year",
);
const ROUGH_MAPS = words("sqrt ln log2 log10 exp sin cos atan deg rad sinh asinh");
const GROUPINGS = [
  "",
  " by (job)",
  " by (inst, job)",
  " without (inst)",
  " by (__name__)",
  " without (le)",
  " by (le)",
  " without ()",
];
const MATCHINGS = [
  "",
  "",
  " on (job, inst)",
  " ignoring (le)",
  " on (inst, job, le)",
  " on (job) group_left",
  " on (job) group_right (ver)",
  " ignoring (inst) group_left",
  " on ()",
];

function worst(...made: readonly Made[]): Grade {
  if (made.some(({ grade }) => grade === "rough")) return "rough";
  return made.every(({ grade }) => grade === "exact") ? "exact" : "same";
}

/** Makes random queries over the series of `generated-data.ts`. */
export class QueryGenerator {
  readonly #choices: Choices;
  readonly #full: boolean;

  constructor(choices: Choices, profile: Profile = "shared") {
    this.#choices = choices;
    this.#full = profile === "full";
  }

  /** A vector expression of at most `depth` levels. */
  query(depth: number): string {
    return this.#any(depth).text;
  }

  #pick<T>(from: readonly T[]): T {
    return this.#choices.pick(from);
  }

  #chance(probability: number): boolean {
    return this.#choices.next() < probability;
  }

  /** Any vector; a rough one only where nothing more is made of it. */
  #any(depth: number): Made {
    return this.#chance(0.2) ? this.#rough(depth) : this.#vector(depth);
  }

  /** What several implementations round differently, and mild things around it. */
  #rough(depth: number): Made {
    const rough = (text: string): Made => ({ text, grade: "rough" });
    const { text } = this.#vector(depth - 1);
    switch (Math.floor(this.#choices.next() * 5)) {
      case 0:
        return rough(`avg${this.#pick(GROUPINGS)} (${this.#summable(depth - 1).text})`);
      case 1:
        return rough(`avg_over_time(${this.#range(depth).text})`);
      case 2:
        return rough(`${this.#pick(ROUGH_MAPS)}(${text})`);
      case 3:
        // Up to version 3, `atan2` kept names.
        return rough(
          `(${text} ${this.#full ? this.#pick(["^", "atan2"]) : "^"} ${this.#pick(words("2 0.5 3 -1"))})`,
        );
      default: {
        const inner = this.#rough(depth - 1).text;
        return rough(
          this.#pick([`-(${inner})`, `abs(${inner})`, `(${inner} * 2)`, `sum(${inner})`]),
        );
      }
    }
  }

  #vector(depth: number): Made {
    if (depth <= 0) return { text: this.#selector(), grade: "exact" };
    const kind = Math.floor(this.#choices.next() * (this.#full ? 18 : 11));
    switch (kind) {
      case 0:
        return this.#rate();
      case 1:
      case 2:
        return this.#overRange(depth);
      case 3:
      case 4:
        return this.#aggregation(depth);
      case 5:
        return this.#join(depth);
      case 6:
        return this.#withScalar(depth);
      case 7:
        return this.#map(depth);
      case 8:
        return this.#set(depth);
      case 9:
        return this.#picked(depth);
      case 10:
        return this.#labels(depth);
      case 11:
      case 12:
      case 13:
        return this.#ofHistograms(depth);
      default:
        return this.#modern(depth);
    }
  }

  /** Histograms, or what is said of them. */
  #ofHistograms(depth: number): Made {
    const rough = (text: string): Made => ({ text, grade: "rough" });
    const h = this.#histograms(depth);
    const kind = this.#choices.next();
    if (kind < 0.3) return rough(h);
    if (kind < 0.6) {
      const names = words(
        "histogram_count histogram_sum histogram_avg histogram_stddev histogram_stdvar count " +
          "group max abs absent timestamp scalar",
      );
      const name = this.#pick(names);
      // Of gauges as if they were counters, Prometheus finds resets only where it reads buckets.
      // And where it does not, it tells resets by the samples that it happens to read, which sums
      // and differences then contradict.
      if (/^histogram_(?:count|sum|avg)$/.test(name) && /nh_gauge| [-+] |sum|avg/.test(h)) {
        return rough(`${name}(nh)`);
      }
      return rough(name === "scalar" ? `vector(scalar(${h}))` : `${name}(${h})`);
    }
    if (kind < 0.8) {
      return rough(`histogram_quantile(${this.#pick(words("0.5 0.9 0.01 0.99 0 1 -1 2"))}, ${h})`);
    }
    const ends = this.#pick(words("0,1 0.2,0.7 -1,0.3 -Inf,Inf 0.5,Inf 2,1"));
    return rough(`histogram_fraction(${ends}, ${h})`);
  }

  /** An expression whose values are histograms, most of them. */
  #histograms(depth: number): string {
    const selector = this.#pick(HISTOGRAM_SELECTORS);
    const range = `${selector}[${this.#pick(words("1m 2m 5m 37s"))}]`;
    const inner = (): string =>
      depth > 0 ? this.#histograms(depth - 1) : selector + this.#modifiers();
    switch (Math.floor(this.#choices.next() * 9)) {
      case 0: {
        const names = words(
          "rate increase delta irate idelta sum_over_time avg_over_time last_over_time " +
            "first_over_time count_over_time changes resets present_over_time max_over_time deriv",
        );
        return `${this.#pick(names)}(${range}${this.#modifiers()})`;
      }
      case 1: {
        const name = this.#pick(words("rate increase delta"));
        return `${name}(${range} ${this.#pick(words("anchored smoothed"))})`;
      }
      case 2:
        return this.#chance(0.3) ? `${selector} smoothed` : selector + this.#modifiers();
      case 3:
        return `${this.#pick(words("sum avg"))}${this.#pick(GROUPINGS)} (${inner()})`;
      case 4:
        return `(${inner()} ${this.#pick(words("+ - == != * and or unless"))} ${inner()})`;
      case 5:
        return `(${inner()} ${this.#pick(words("* / </ >/ + =="))} ${this.#pick(words("2 0.5 -1"))})`;
      case 6:
        return `-(${inner()})`;
      case 7:
        return `label_replace(${inner()}, "dst", "$1", "inst", "(.*)")`;
      default:
        // A reset is told by the last bit of a bucket: of histograms that were computed, any order
        // of adding up makes others.
        return this.#chance(0.5)
          ? `${this.#pick(words("rate increase"))}(${selector}[3m:30s])`
          : `${this.#pick(words("sum_over_time last_over_time"))}((${inner()})[3m:30s])`;
    }
  }

  /** Of counters that come near 0 the two versions think differently; of these they do not. */
  #rate(): Made {
    const name = this.#full ? this.#pick(["req_total", "flaky_total", "lat_bucket"]) : "req_total";
    const range = this.#pick(words("1m 5m 20m"));
    return { text: `${this.#pick(words("rate increase"))}(${name}[${range}])`, grade: "same" };
  }

  #overRange(depth: number): Made {
    const { text: range, grade } = this.#range(depth);
    if (this.#chance(0.5)) {
      const names = this.#full ? [...EXACT_OVER, ...FULL_EXACT_OVER] : EXACT_OVER;
      const name = this.#pick(names);
      return { text: `${name}(${range})`, grade: INEXACT.test(name) ? "same" : grade };
    }
    const same = (text: string): Made => ({ text, grade: "same" });
    if (this.#chance(0.2)) {
      return same(`quantile_over_time(${this.#pick(words("0.5 0.9 1.2 0 -1"))}, ${range})`);
    }
    if (this.#chance(0.2) && !range.includes("@")) {
      // Looking far ahead would magnify what rounding leaves.
      return same(`predict_linear(${range}, ${this.#pick(words("60 -300"))})`);
    }
    if (this.#full && this.#chance(0.2)) {
      return same(`double_exponential_smoothing(${range}, 0.3, 0.6)`);
    }
    return same(`${this.#pick(SAME_OVER)}(${range})`);
  }

  #aggregation(depth: number): Made {
    const grouping = this.#pick(GROUPINGS);
    const { text, grade } = this.#vector(depth - 1);
    const kind = this.#choices.next();
    if (kind < 0.45) {
      const op = this.#pick(words("min max count group"));
      return { text: `${op}${grouping} (${text})`, grade };
    }
    if (kind < 0.7) {
      return { text: `sum${grouping} (${text})`, grade: grade === "exact" ? "exact" : "rough" };
    }
    if (kind < 0.8) {
      const q = this.#pick(words("0.3 0.95 0 1 2"));
      return { text: `quantile${grouping} (${q}, ${text})`, grade: "same" };
    }
    if (kind < 0.9) {
      // One value after the other: in another order it comes out a little different.
      const op = this.#pick(words("stddev stdvar"));
      // Of a single infinity they were 0 up to version 3.
      const selector = this.#full ? this.#selector() : this.#pick(WITHOUT_TIES) + this.#modifiers();
      return { text: `${op}${grouping} (${selector})`, grade: "rough" };
    }
    const counted = this.#pick(["count_values", "count_values by (job)"]);
    return { text: `${counted} ("value", ${this.#selector()})`, grade: "exact" };
  }

  /** What a sum of is the same in any order. */
  #summable(depth: number): Made {
    for (let i = 0; i < 5; i++) {
      const made = this.#vector(depth);
      if (made.grade === "exact") return made;
    }
    return { text: this.#selector(), grade: "exact" };
  }

  /** What may be compared with other numbers. */
  #sharp(depth: number): Made {
    for (let i = 0; i < 5; i++) {
      const made = this.#vector(depth);
      if (made.grade !== "rough") return made;
    }
    return { text: this.#selector(), grade: "exact" };
  }

  #join(depth: number): Made {
    const [a, b] = [this.#sharp(depth - 1), this.#sharp(depth - 1)];
    if (this.#chance(0.2)) {
      const by = this.#pick(["req_total", "gauge", "sum by (job, inst) (lat_bucket)"]);
      return { text: `(${by} * on (job) group_left (ver) info)`, grade: "exact" };
    }
    const op = this.#pick(words("+ - * / % == != > <= >="));
    const isComparison = /[=<>]/.test(op);
    if (isComparison && !this.#full && this.#chance(0.5)) {
      const [left, right] = [this.#pick(ONE_NAME), this.#pick(ONE_NAME)];
      return { text: `(${left}${this.#modifiers()} ${op} ${right})`, grade: "exact" };
    }
    // Up to version 3, a pair that a comparison filters away did not count as one of many.
    const bool = isComparison && (!this.#full || this.#chance(0.3)) ? " bool" : "";
    const matching = this.#pick(MATCHINGS);
    const fill = this.#full && this.#chance(0.3) ? this.#fill() : "";
    const grade = /^[+\-*]$/.test(op) ? worst(a, b) : "same";
    return {
      text: `(${a.text} ${op}${bool}${matching}${fill} ${b.text})`,
      grade: small(grade, op),
    };
  }

  #fill(): string {
    return this.#pick([
      " fill (0)",
      " fill_left (1.5)",
      " fill_right (-2)",
      " fill_left (1) fill_right (2)",
    ]);
  }

  #withScalar(depth: number): Made {
    const vector = this.#sharp(depth - 1);
    const op = this.#pick(words("+ - * / % == != > < >="));
    const bool = /[=<>]/.test(op) && this.#chance(0.4) ? " bool" : "";
    const scalar = this.#scalar(depth);
    const text = this.#chance(0.7)
      ? `(${vector.text} ${op}${bool} ${scalar.text})`
      : `(${scalar.text} ${op}${bool} ${vector.text})`;
    return { text, grade: small(worst(vector, scalar), op) };
  }

  #scalar(depth: number): Made {
    const exact = (text: string): Made => ({ text, grade: "exact" });
    const kind = this.#choices.next();
    if (kind < 0.6) return exact(this.#pick(words("1 2.5 -1 0 NaN Inf 1e3 0.25")));
    if (kind < 0.7) return { text: "(time() / 1e9)", grade: "same" };
    if (this.#full && kind < 0.8) {
      return exact(
        this.#pick(["step()", "start()", "range()", "max_of(1, 2)", "min_of(end(), 3)"]),
      );
    }
    const { text, grade } = this.#sharp(depth - 2);
    return { text: `scalar(${text})`, grade };
  }

  #map(depth: number): Made {
    const { text, grade } = this.#sharp(depth - 1);
    const kind = this.#choices.next();
    if (kind < 0.4) return { text: `${this.#pick(EXACT_MAPS)}(${text})`, grade };
    if (kind < 0.5) return { text: `timestamp(${text})`, grade: "same" };
    if (kind < 0.6) {
      // What date NaN and infinity are, is left to the processor.
      const seconds = this.#pick(["", "req_total * 1000", "timestamp(gauge)", "lat_bucket * -1e4"]);
      return { text: `${this.#pick(DATE_MAPS)}(${seconds})`, grade: "exact" };
    }
    if (kind < 0.7) return { text: `-(${text})`, grade };
    if (kind < 0.8) return { text: `round(${text}, ${this.#pick(words("0.5 4 1"))})`, grade };
    const limits = this.#pick([
      "clamp(%, -2, 2)",
      "clamp_min(%, 1)",
      "clamp_max(%, 3)",
      "clamp(%, 2, 1)",
    ]);
    return { text: limits.replace("%", () => text), grade };
  }

  #set(depth: number): Made {
    const [a, b] = [this.#sharp(depth - 1), this.#sharp(depth - 1)];
    const on = this.#pick(["", "", " on (job)", " ignoring (le)", " on (inst, job)"]);
    const text = `(${a.text} ${this.#pick(words("and or unless"))}${on} ${b.text})`;
    return { text, grade: worst(a, b) };
  }

  /** Which of equal values are picked is nobody's to say; so there are none. */
  #picked(depth: number): Made {
    const kind = this.#choices.next();
    if (kind < 0.4) {
      const op = this.#pick(words("topk bottomk"));
      const k = this.#pick(["1", "3", "10", "scalar(count(info))"]);
      // Prometheus takes k from the first step where the vector is the same at all steps.
      const modifiers = k.length > 2 ? "" : this.#modifiers();
      const selector = `${this.#pick(WITHOUT_TIES)}${modifiers}`;
      return { text: `${op}${this.#pick(GROUPINGS)} (${k}, ${selector})`, grade: "exact" };
    }
    const sum = `sum by (${this.#pick(["le", "le, job", "le, inst, job"])})`;
    const q = this.#pick(words("0.9 0.5 0.01 1 0 1.5 -1"));
    const buckets = this.#pick([
      "lat_bucket",
      `${sum} (rate(lat_bucket[5m]))`,
      `${sum} (lat_bucket)`,
      `increase(lat_bucket[${this.#pick(words("2m 10m"))}])`,
      `(lat_bucket and on (job) (${this.#sharp(depth - 2).text}))`,
    ]);
    return { text: `histogram_quantile(${q}, ${buckets})`, grade: "rough" };
  }

  #labels(depth: number): Made {
    const { text, grade } = this.#sharp(depth - 1);
    const made = this.#pick([
      `label_replace(${text}, "job", "$1", "inst", "(.*)")`,
      `label_replace(${text}, "dst", "v-$1-$2", "job", "([x-y])(.*)")`,
      `label_replace(${text}, "inst", "", "job", "x")`,
      `label_join(${text}, "dst", "-", "job", "inst")`,
      `sort(${text})`,
      `vector(${this.#scalar(depth - 1).text})`,
    ]);
    return { text: made, grade };
  }

  /** What Prometheus 2.42 does not have. */
  #modern(depth: number): Made {
    const kind = Math.floor(this.#choices.next() * 7);
    const exact = (text: string): Made => ({ text, grade: "exact" });
    const rough = (text: string): Made => ({ text, grade: "rough" });
    const duration = this.#pick(words("1m 2m 5m 37s"));
    switch (kind) {
      case 0: {
        const name = this.#pick(words("rate increase delta changes resets"));
        const metric = this.#pick(words("req_total flaky_total gauge"));
        return rough(`${name}(${metric}[${duration}] anchored${this.#modifiers()})`);
      }
      case 1: {
        const metric = this.#pick(words("req_total flaky_total gauge"));
        if (this.#chance(0.3)) {
          const selector = `${metric} smoothed${this.#modifiers()}`;
          return rough(this.#chance(0.3) ? `timestamp(${selector})` : selector);
        }
        const name = this.#pick(words("rate increase delta"));
        return rough(`${name}(${metric}[${duration}] smoothed${this.#modifiers()})`);
      }
      case 2: {
        const k = this.#pick(words("0 1 2 100"));
        return exact(`limitk${this.#pick(GROUPINGS)} (${k}, ${this.#selector()})`);
      }
      case 3: {
        const data = this.#pick([
          "",
          ', {ver=~"v.*"}',
          ', {__name__="info"}',
          ', {nothing=""}',
          ', {ver="vx"}',
        ]);
        return exact(`info(target_up${this.#pick(["", " offset 1m"])}${data})`);
      }
      case 4: {
        const buckets = this.#pick([
          "lat_bucket",
          "rate(lat_bucket[5m])",
          "sum by (le) (lat_bucket)",
        ]);
        const [low, high] = this.#pick([
          ["0", "0.3"],
          ["0.2", "Inf"],
          ["-1", "0.5"],
          ["0.5", "0.2"],
        ] as const);
        return rough(`histogram_fraction(${low}, ${high}, ${buckets})`);
      }
      case 5: {
        const range = this.#pick([
          "step() * 4",
          "1m + 30s",
          "max_of(step(), 2m)",
          "-(-90s)",
          "2m * 1.5",
        ]);
        const offset = this.#pick([
          "",
          " offset (1m / 2)",
          " offset -step()",
          " offset min_of(1m, 2m)",
        ]);
        const name = this.#pick(words("sum_over_time max_over_time count_over_time"));
        return exact(`${name}(${this.#pick(["gauge", "flaky_total"])}[${range}]${offset})`);
      }
      default: {
        const inner = this.#sharp(depth - 1).text;
        return exact(`count_over_time((${inner})[${this.#pick(words("3m:1m 5m: 2m:40s"))}])`);
      }
    }
  }

  #selector(): string {
    return this.#pick(SELECTORS) + this.#modifiers();
  }

  #modifiers(): string {
    const fixed = ["", "", "", " offset 2m", " @ 1700001500", " offset -90s"];
    return this.#pick([...fixed, " @ 1700001500 offset 1m", " @ start()", " @ end()"]);
  }

  #range(depth: number): Made {
    if (this.#chance(0.25)) return this.#subquery(depth);
    const range = this.#pick(words("1m 5m 37s 20m"));
    return { text: `${this.#pick(SELECTORS)}[${range}]${this.#modifiers()}`, grade: "exact" };
  }

  /** A subquery in a subquery would look at times that are on the edge of its range. */
  #subquery(depth: number): Made {
    const times = this.#pick(words("5m:1m 10m:37s 3m:30s"));
    const inner = this.#pick<Made>([
      { text: this.#selector(), grade: "exact" },
      { text: `rate(req_total[${this.#pick(words("1m 5m"))}])`, grade: "same" },
      { text: `max_over_time(${this.#pick(SELECTORS)}[2m])`, grade: "exact" },
      { text: `sum by (job) (${this.#selector()})`, grade: "exact" },
      ...(this.#full ? [this.#summable(depth - 1)] : []),
    ]);
    const modifiers = this.#pick(["", "", " offset 1m", " @ 1700001500"]);
    return { text: `(${inner.text})[${times}]${modifiers}`, grade: inner.grade };
  }
}

/** Products and quotients are not exact any more, whatever they are of. */
function small(grade: Grade, op: string): Grade {
  return /^[*/%]$/.test(op) && grade === "exact" ? "same" : grade;
}
