import { CounterReset, CUSTOM_BUCKETS, FloatHistogram } from "#pkg/histogram/mod.ts";
import { compareLabels, formatLabels, type Labels, type Matcher } from "#pkg/labels/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import { type SampleColumns, STALE_HI, STALE_LO } from "#pkg/storage/mod.ts";

/** What a sample can be. */
export type TwinValue =
  | { readonly kind: "float"; readonly hi: number; readonly lo: number }
  | { readonly kind: "stale"; readonly isHistogram: boolean }
  | { readonly kind: "histogram"; readonly h: FloatHistogram; readonly integer: boolean };

/** A sample to push. */
export interface TwinSample {
  readonly labels: Labels;
  readonly t: number;
  readonly value: TwinValue;
}

interface TwinSeries {
  readonly labels: Labels;
  /** By time: what was accepted. Several, where a late sample said something else. */
  readonly samples: Map<number, TwinValue[]>;
  newest: number;
  newestValue: TwinValue | undefined;
  isNewestDeleted: boolean;
}

/** What the head says before a push, and is not the twin's to know. */
export interface HeadFacts {
  readonly nowMs: number;
  readonly maxt: number;
  readonly outOfOrderWindowMs: number;
  readonly creationGraceMs: number;
  /** True if the series has not left the head since its newest sample. */
  holds(labels: Labels): boolean;
}

/** Everything that a sample says, but for what readers find out about counter resets. */
export function told(value: TwinValue): string {
  if (value.kind === "stale") return "stale";
  if (value.kind === "float") return `${value.hi >>> 0}:${value.lo >>> 0}`;
  const { h } = value;
  const isGauge = h.counterReset === CounterReset.gauge;
  // Without empty buckets, which come and go as those of a chunk are united.
  return JSON.stringify({ ...h.copy().compact(0), counterReset: isGauge, sum: bitsText(h.sum) });
}

const scratch = new DataView(new ArrayBuffer(8));

function bitsText(value: number): string {
  scratch.setFloat64(0, value);
  return `${scratch.getUint32(0)}:${scratch.getUint32(4)}`;
}

export function floatValue(value: number): TwinValue {
  scratch.setFloat64(0, value);
  return { kind: "float", hi: scratch.getUint32(0), lo: scratch.getUint32(4) };
}

/** `told` of the samples of a series as they were read. */
export function toldColumns(columns: SampleColumns): [number, string][] {
  return Array.from({ length: columns.length }, (_, i) => {
    const t = columns.timestamps[i]!;
    const h = columns.histograms?.[i];
    if (h !== undefined) return [t, told({ kind: "histogram", h, integer: false })];
    const hi = columns.bits[2 * i + 1]!;
    const lo = columns.bits[2 * i]!;
    if (hi === STALE_HI && lo === STALE_LO) return [t, "stale"];
    return [t, told({ kind: "float", hi, lo })];
  });
}

/** One tenant's series as plain maps: the oracle of everything that stores samples. */
export class TenantTwin {
  readonly #series = new Map<string, TwinSeries>();
  /** All label names and values that ever were. */
  readonly everNamed = new Map<string, Set<string>>();
  /** Samples that were deleted of late. */
  readonly #deleted: TwinSample[] = [];

  /** Takes what is to be accepted of a request; returns why the rest is refused, in order. */
  push(samples: readonly TwinSample[], facts: HeadFacts): string[] {
    const oldLimit = Math.min(facts.nowMs, facts.maxt) - facts.outOfOrderWindowMs;
    const refused: string[] = [];
    const touched = new Set<TwinSeries>();
    for (const sample of samples) {
      const series = this.#seriesOf(sample.labels);
      if (!touched.has(series) && !facts.holds(sample.labels)) forgetNewest(series);
      touched.add(series);
      const { t, value } = sample;
      if (t > facts.nowMs + facts.creationGraceMs) refused.push("too_far_in_future");
      else if (t > series.newest) {
        series.newest = t;
        series.newestValue = value;
        series.isNewestDeleted = false;
        this.#accept(series, t, value);
      } else if (t === series.newest && !series.isNewestDeleted) {
        const isSame = told(series.newestValue!) === told(value);
        if (!isSame) refused.push("new_value_for_timestamp");
      } else if (t < oldLimit) refused.push("sample_too_old");
      else this.#accept(series, t, value);
    }
    return refused;
  }

  #seriesOf(labels: Labels): TwinSeries {
    const key = formatLabels(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = {
        labels,
        samples: new Map(),
        newest: Number.NEGATIVE_INFINITY,
        newestValue: undefined,
        isNewestDeleted: false,
      };
      this.#series.set(key, series);
      for (let i = 0; i < labels.length; i += 2) {
        const values = this.everNamed.get(labels[i]!) ?? new Set();
        this.everNamed.set(labels[i]!, values.add(labels[i + 1]!));
      }
    }
    return series;
  }

  #accept(series: TwinSeries, t: number, value: TwinValue): void {
    const values = series.samples.get(t);
    if (values === undefined) {
      series.samples.set(t, [value]);
    } else if (!values.some((other) => told(other) === told(value))) values.push(value);
  }

  delete(matchers: readonly Matcher[], mint: number, maxt: number): void {
    for (const series of this.#matching(matchers)) {
      for (const [t, [value]] of series.samples) {
        if (t < mint || t > maxt) continue;
        series.samples.delete(t);
        this.#deleted.push({ labels: series.labels, t, value: value! });
      }
      if (series.newest >= mint && series.newest <= maxt) series.isNewestDeleted = true;
    }
  }

  #matching(matchers: readonly Matcher[]): TwinSeries[] {
    return [...this.#series.values()].filter(({ labels }) =>
      matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name))),
    );
  }

  /** Series in label order: their samples in the range, each with all that it may be. */
  select(
    matchers: readonly Matcher[],
    mint: number,
    maxt: number,
  ): { readonly labels: Labels; readonly samples: readonly [number, readonly TwinValue[]][] }[] {
    return this.#matching(matchers)
      .map(({ labels, samples }) => ({
        labels,
        samples: [...samples].filter(([t]) => t >= mint && t <= maxt).sort(([a], [b]) => a - b),
      }))
      .filter(({ samples }) => samples.length > 0)
      .sort((a, b) => compareLabels(a.labels, b.labels));
  }

  /** Newest time of each series that had samples. */
  *newestTimes(): Generator<{ labels: Labels; newest: number }> {
    for (const { labels, newest } of this.#series.values()) {
      if (newest > Number.NEGATIVE_INFINITY) yield { labels, newest };
    }
  }

  /** A sample that was accepted once, and may be deleted, to be sent again; if there is one. */
  anySample(random: Random): TwinSample | undefined {
    const deleted = this.#deleted.length;
    if (random() < 0.3 && deleted > 0) {
      return this.#deleted[Math.max(0, deleted - 1 - Math.floor(random() * 20))]!;
    }
    const all = [...this.#series.values()].filter(({ samples }) => samples.size > 0);
    const series = all[Math.floor(random() * all.length)];
    if (series === undefined) return undefined;
    const recent = [...series.samples].slice(-40);
    const [t, values] = recent[Math.floor(random() * recent.length)]!;
    return { labels: series.labels, t, value: values[0]! };
  }
}

/** The series has left the head: to that it is a new one. */
function forgetNewest(series: TwinSeries): void {
  series.newest = Number.NEGATIVE_INFINITY;
  series.newestValue = undefined;
  series.isNewestDeleted = false;
}

function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === name) return labels[i + 1]!;
  return "";
}

/** True if a sample that was read is one that it may be: a value comes before a stale marker. */
export function isOneOf(got: string, may: readonly TwinValue[]): boolean {
  const values = may.filter(({ kind }) => kind !== "stale");
  return (values.length > 0 ? values : may).some((value) => told(value) === got);
}

const KINDS = ["float", "integers", "floats", "custom", "gauge", "turning"] as const;

/** A value for series number `i`: each sixth one is of the same kind. */
export function randomValue(i: number, t: number, random: Random): TwinValue {
  const pick = random();
  const kind = KINDS[i % KINDS.length]!;
  if (pick < 0.03) return { kind: "stale", isHistogram: kind !== "float" && random() < 0.7 };
  if (kind === "float") return randomFloat(t, random);
  if (kind === "turning" && Math.floor(t / 20_000) % 2 === 0) return randomFloat(t, random);
  return randomHistogram(kind === "turning" ? KINDS[1 + (i % 4)]! : kind, t, random);
}

function randomFloat(t: number, random: Random): TwinValue {
  const pick = random();
  if (pick < 0.5) return floatValue(Math.floor(t / 1000));
  if (pick < 0.6) return floatValue(-0);
  if (pick < 0.65) return floatValue(Number.POSITIVE_INFINITY);
  // A NaN that is none of the usual ones.
  if (pick < 0.7) return { kind: "float", hi: 0x7ff8_0000, lo: Math.floor(random() * 1000) };
  return floatValue(random() * 10 ** Math.floor(random() * 20 - 10));
}

function randomHistogram(kind: (typeof KINDS)[number], t: number, random: Random): TwinValue {
  const integer = kind !== "floats";
  const size = 1 + Math.floor(random() * 4);
  // Mostly growing, with a reset now and then.
  const base = 1 + (Math.floor(t / 1000) % 200);
  const counts = Array.from({ length: size }, () => base + Math.floor(random() * 3));
  const own = integer ? counts : counts.map((count) => count / 3);
  const h = new FloatHistogram();
  h.sum = random() < 0.05 ? Number.NaN : random() * 100;
  h.positiveSpans = Int32Array.of(Math.floor(random() * 3), size);
  h.positiveBuckets = Float64Array.from(own);
  if (kind === "custom") {
    h.schema = CUSTOM_BUCKETS;
    h.customValues = Float64Array.of(0.1, 0.5, 1, 2.5, 10, 100).slice(
      0,
      6 - (base % 7 === 0 ? 1 : 0),
    );
    h.positiveSpans = Int32Array.of(0, size);
  } else {
    h.schema = random() < 0.1 ? 1 : 3;
    h.zeroThreshold = random() < 0.1 ? 0.001 : 2 ** -128;
    h.zeroCount = integer ? Math.floor(random() * 3) : random();
    h.negativeSpans = Int32Array.of(1, 1);
    h.negativeBuckets = Float64Array.of(own[0]!);
    h.count = h.zeroCount + own[0]!;
  }
  if (kind === "gauge") h.counterReset = CounterReset.gauge;
  else if (random() < 0.1) h.counterReset = CounterReset.reset;
  for (const count of own) h.count += count;
  return { kind: "histogram", h, integer };
}
