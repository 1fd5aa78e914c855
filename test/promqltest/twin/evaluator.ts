import { CounterReset, type FloatHistogram } from "#pkg/histogram/mod.ts";
import { type Matcher, METRIC_NAME } from "#pkg/labels/mod.ts";
import { type Expr, typeOf, walk } from "#pkg/promql/mod.ts";
import { aggregate, countValues, pick } from "./aggregate.ts";
import { histogramBetween } from "./histograms.ts";
import { addInfo } from "./info.ts";
import { join, scalarOperation, setOperation, withScalar } from "./join.ts";
import {
  checkDistinct,
  dropNames,
  isFloat,
  isHistogram,
  type Metric,
  type Point,
  type RangeSeries,
  type Sample,
  type StoredSeries,
  TwinError,
  type Value,
  withLabel,
} from "./model.ts";
import { extendedEnds, RANGE_FUNCTIONS } from "./over-range.ts";
import {
  DATES,
  histogramFraction,
  histogramQuantile,
  labelJoin,
  labelReplace,
  MAPS,
  mapFloats,
  OF_HISTOGRAMS,
  ofHistograms,
} from "./over-vector.ts";

type Kind<K extends Expr["kind"]> = Extract<Expr, { readonly kind: K }>;
type Call = Kind<"call">;
type TimeModifiers = Kind<"subquery"> | Kind<"vectorSelector">;

/** What a query is asked for, ms; an instant query has a step of 0. */
export interface Times {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

const LOOKBACK_MS = 300_000;
const SUBQUERY_STEP_MS = 60_000;
const ANCHORED = ["changes", "delta", "increase", "rate", "resets"];
const SMOOTHED = ["delta", "increase", "rate"];

/** Choices of an evaluation. */
export interface TwinOptions {
  /** Names are dropped at the end, not by each function. */
  readonly delayedNameRemoval: boolean;
}

/** PromQL, one step at a time and one object per sample: slow, and simple enough to be believed. */
export class Twin {
  readonly #series: readonly StoredSeries[];
  readonly #times: Times;
  readonly #delayed: boolean;

  /** @param series sorted by labels. */
  constructor(series: readonly StoredSeries[], times: Times, options: TwinOptions) {
    this.#series = series;
    this.#times = times;
    this.#delayed = options.delayedNameRemoval;
  }

  scalar(expr: Expr, atMs: number): number {
    switch (expr.kind) {
      case "number":
        return expr.value;
      case "paren":
        return this.scalar(expr.expr, atMs);
      case "unary": {
        const value = this.scalar(expr.expr, atMs);
        return expr.op === "-" ? -value : value;
      }
      case "binary":
        return scalarOperation(expr.op, this.scalar(expr.lhs, atMs), this.scalar(expr.rhs, atMs));
      case "call":
        return this.#scalarCall(expr, atMs);
      default:
        throw new TwinError(`unsupported: ${expr.kind} as a scalar`);
    }
  }

  #scalarCall({ func, args }: Call, atMs: number): number {
    const { startMs, endMs, stepMs } = this.#times;
    switch (func.name) {
      case "time":
        return atMs / 1000;
      case "pi":
        return Math.PI;
      case "start":
        return startMs / 1000;
      case "end":
        return endMs / 1000;
      case "range":
        return (endMs - startMs) / 1000;
      case "step":
        return startMs === endMs ? 0 : stepMs / 1000;
      case "max_of":
        return Math.max(this.scalar(args[0]!, atMs), this.scalar(args[1]!, atMs));
      case "min_of":
        return Math.min(this.scalar(args[0]!, atMs), this.scalar(args[1]!, atMs));
      case "scalar": {
        const floats = this.vector(args[0]!, atMs).filter(({ value }) => isFloat(value));
        return floats.length === 1 ? (floats[0]!.value as number) : NaN;
      }
      default:
        throw new TwinError(`unsupported: ${func.name}`);
    }
  }

  vector(expr: Expr, atMs: number): Sample[] {
    const samples = this.#vector(expr, atMs);
    return checkDistinct(this.#delayed ? samples : dropNames(samples));
  }

  #vector(expr: Expr, atMs: number): Sample[] {
    switch (expr.kind) {
      case "vectorSelector":
        return this.#instant(expr, atMs).map(({ metric, value }) => ({ metric, value }));
      case "paren":
        return this.vector(expr.expr, atMs);
      case "unary": {
        const samples = this.vector(expr.expr, atMs);
        if (expr.op === "+") return samples;
        return samples.map(({ metric, value }) => ({
          ...{ metric, dropName: true },
          value: isFloat(value) ? -value : value.copy().mul(-1),
        }));
      }
      case "aggregate":
        return this.#aggregate(expr, atMs);
      case "binary":
        return this.#binary(expr, atMs);
      case "call":
        return this.#call(expr, atMs);
      default:
        throw new TwinError(`unsupported: ${expr.kind} as a vector`);
    }
  }

  #aggregate(expr: Kind<"aggregate">, atMs: number): Sample[] {
    const grouping = { names: expr.grouping, without: expr.without };
    const samples = this.vector(expr.expr, atMs);
    if (expr.op === "count_values") {
      return countValues((inner(expr.param!) as Kind<"string">).value, samples, grouping);
    }
    const param = expr.param ? this.scalar(expr.param, atMs) : NaN;
    if (expr.op === "limit_ratio") throw new TwinError("unsupported: limit_ratio");
    const picks = ["topk", "bottomk", "limitk"].includes(expr.op);
    return picks
      ? pick(expr.op, samples, { grouping, param })
      : aggregate(expr.op, samples, { grouping, param });
  }

  #binary(expr: Kind<"binary">, atMs: number): Sample[] {
    const { op, lhs, rhs, matching, returnBool } = expr;
    const leftIsVector = typeOf(lhs) === "vector";
    if (leftIsVector && typeOf(rhs) === "vector") {
      const operands = [this.vector(lhs, atMs), this.vector(rhs, atMs)] as const;
      if (["and", "or", "unless"].includes(op)) return setOperation(op, ...operands, matching!);
      return join(op, operands, matching!, returnBool);
    }
    const samples = this.vector(leftIsVector ? lhs : rhs, atMs);
    const scalar = this.scalar(leftIsVector ? rhs : lhs, atMs);
    return withScalar(op, samples, { scalar, swapped: !leftIsVector, returnBool });
  }

  #call(call: Call, atMs: number): Sample[] {
    const { name } = call.func;
    const args = call.args.map(inner);
    const vector = (i: number): Sample[] => this.vector(args[i]!, atMs);
    const scalar = (i: number): number => this.scalar(args[i]!, atMs);
    const strings = (from: number): string[] =>
      args.slice(from).map((arg) => (arg as Kind<"string">).value);
    if (name in RANGE_FUNCTIONS) return this.#rangeCall(name, args, atMs);
    if (name in MAPS) return mapFloats(vector(0), MAPS[name]!);
    if (name in DATES) {
      const apply = DATES[name]!;
      if (args.length > 0) return mapFloats(vector(0), apply);
      return [{ metric: new Map(), value: apply(Math.trunc(atMs / 1000)) }];
    }
    if (name in OF_HISTOGRAMS) {
      return ofHistograms(vector(0), OF_HISTOGRAMS[name]!);
    }
    switch (name) {
      case "vector":
        return [{ metric: new Map(), value: scalar(0) }];
      case "timestamp":
        return this.#timestamps(args[0]!, atMs);
      case "absent":
        return vector(0).length > 0 ? [] : [{ metric: absentMetric(args[0]!), value: 1 }];
      case "clamp":
        return clamp(vector(0), scalar(1), scalar(2));
      case "clamp_min":
        return clamp(vector(0), scalar(1), Infinity);
      case "clamp_max":
        return clamp(vector(0), -Infinity, scalar(1));
      case "round": {
        const inverse = 1 / (args.length > 1 ? scalar(1) : 1);
        return mapFloats(vector(0), (value) => Math.floor(value * inverse + 0.5) / inverse);
      }
      case "sort":
      case "sort_desc":
        return vector(0).filter(({ value }) => isFloat(value));
      case "sort_by_label":
      case "sort_by_label_desc":
        return vector(0);
      case "label_replace":
        return labelReplace(vector(0), strings(1));
      case "label_join":
        return labelJoin(vector(0), strings(1));
      case "histogram_quantile":
        return histogramQuantile(scalar(0), vector(1));
      case "histogram_fraction":
        return histogramFraction(scalar(0), scalar(1), vector(2));
      case "info":
        return addInfo(vector(0), {
          selector: args[1] as Kind<"vectorSelector"> | undefined,
          infosOf: (matchers) => this.#lookBack(matchers, infoTime(args[0]!, atMs)),
        });
      default:
        throw new TwinError(`unsupported: ${name}`);
    }
  }

  #timestamps(arg: Expr, atMs: number): Sample[] {
    if (arg.kind === "vectorSelector") {
      // Of the sample that is looked at, even where its value would be smoothed.
      return this.#lookBack(arg.matchers, this.#lookTime(arg, atMs)).map(({ metric, timeMs }) => ({
        ...{ metric, dropName: true },
        value: timeMs / 1000,
      }));
    }
    return this.vector(arg, atMs).map(({ metric }) => ({
      ...{ metric, dropName: true },
      value: atMs / 1000,
    }));
  }

  #rangeCall(name: string, args: readonly Expr[], atMs: number): Sample[] {
    const range = args.find(({ kind }) => kind === "matrixSelector" || kind === "subquery") as
      | Kind<"matrixSelector">
      | Kind<"subquery">;
    const scalars = args.filter((arg) => arg !== range).map((arg) => this.scalar(arg, atMs));
    const modifiers = range.kind === "subquery" ? range : range.selector;
    const { anchored, smoothed } =
      range.kind === "subquery" ? { anchored: false, smoothed: false } : range.selector;
    const safe = anchored ? ANCHORED : smoothed ? SMOOTHED : [name];
    if (!safe.includes(name)) throw new TwinError(`${name} is not for anchored or smoothed`);
    const endMs = this.#lookTime(modifiers, atMs);
    const startMs = endMs - this.#rangeOf(range);
    const out: Sample[] = [];
    for (const { metric, points, dropName } of this.range(range, atMs)) {
      if (points.length === 0) continue;
      if (name === "double_exponential_smoothing" && scalars.some((s) => s <= 0 || s >= 1)) {
        throw new TwinError("invalid smoothing factor");
      }
      const value = RANGE_FUNCTIONS[name]!({
        ...{ points, startMs, endMs, anchored, smoothed },
        stepMs: atMs,
        args: scalars,
      });
      if (value === undefined) continue;
      const keepsName = name === "last_over_time" || name === "first_over_time";
      out.push({ metric, value, dropName: !keepsName || dropName === true });
    }
    if (name !== "absent_over_time") return out;
    return out.length > 0 ? [] : [{ metric: absentMetric(range), value: 1 }];
  }

  /** The samples of a range selector or subquery at one step. */
  range(expr: Expr, atMs: number): RangeSeries[] {
    const range = inner(expr);
    if (range.kind === "subquery") return this.#subquery(range, atMs);
    if (range.kind !== "matrixSelector") throw new TwinError(`unsupported: ${range.kind}`);
    const { selector } = range;
    const endMs = this.#lookTime(selector, atMs);
    const before = selector.anchored || selector.smoothed ? LOOKBACK_MS : 0;
    const after = selector.smoothed ? LOOKBACK_MS : 0;
    return this.#between(selector.matchers, {
      afterMs: endMs - this.#rangeOf(range) - before,
      upToMs: endMs + after,
    });
  }

  /** What an instant query for a range gives. */
  rawRange(expr: Expr, atMs: number): RangeSeries[] {
    const range = inner(expr);
    const out = this.range(range, atMs).filter(({ points }) => points.length > 0);
    if (range.kind !== "matrixSelector") return out;
    const { anchored, smoothed } = range.selector;
    if (!anchored && !smoothed) return out;
    const endMs = this.#lookTime(range.selector, atMs);
    const startMs = endMs - this.#rangeOf(range);
    return out.flatMap(({ metric, points }) => {
      const floats = points.filter((point): point is Point<number> => isFloat(point.value));
      const ends = extendedEnds(floats, { startMs, endMs, smoothed }, false);
      if (ends === undefined) return [];
      const first = { timeMs: startMs, value: ends.left };
      return [{ metric, points: [first, ...ends.inside, { timeMs: endMs, value: ends.right }] }];
    });
  }

  #subquery(subquery: Kind<"subquery">, atMs: number): RangeSeries[] {
    const endMs = this.#lookTime(subquery, atMs);
    const afterMs = endMs - this.#rangeOf(subquery);
    const asked = subquery.stepExpr ? this.#duration(subquery.stepExpr, false) : subquery.stepMs;
    const stepMs = asked === 0 ? SUBQUERY_STEP_MS : asked;
    const out = new Map<string, { metric: Metric; points: Point[]; dropName: boolean }>();
    const first = stepMs * Math.floor(afterMs / stepMs) + stepMs;
    for (let timeMs = first; timeMs <= endMs; timeMs += stepMs) {
      const samples: readonly Sample[] =
        typeOf(subquery.expr) === "scalar"
          ? [{ metric: new Map<string, string>(), value: this.scalar(subquery.expr, timeMs) }]
          : this.vector(subquery.expr, timeMs);
      for (const { metric, value, dropName = false } of checkDistinct(samples)) {
        const key = JSON.stringify([...metric].sort());
        const known = out.get(key) ?? { metric, points: [], dropName };
        known.points.push({ timeMs, value: isHistogram(value) ? resampled(value) : value });
        out.set(key, known);
      }
    }
    return [...out.values()];
  }

  /** Samples after one time and up to another, without stale markers. */
  #between(
    matchers: readonly Matcher[],
    { afterMs, upToMs }: { readonly afterMs: number; readonly upToMs: number },
  ): RangeSeries[] {
    return this.#matching(matchers).map(({ metric, points }) => ({
      metric,
      points: points.filter(
        (point): point is Point =>
          point.timeMs > afterMs && point.timeMs <= upToMs && point.value !== undefined,
      ),
    }));
  }

  #instant(selector: Kind<"vectorSelector">, atMs: number): (Sample & { timeMs: number })[] {
    const lookMs = this.#lookTime(selector, atMs);
    if (selector.smoothed) return this.#smoothed(selector, lookMs);
    return this.#lookBack(selector.matchers, lookMs);
  }

  /** The newest sample of each series, unless it is old or says that the series has ended. */
  #lookBack(matchers: readonly Matcher[], lookMs: number): (Sample & { timeMs: number })[] {
    return this.#matching(matchers).flatMap(({ metric, points }) => {
      const last = points.filter(({ timeMs }) => timeMs <= lookMs).at(-1);
      if (last === undefined || last.value === undefined) return [];
      return last.timeMs > lookMs - LOOKBACK_MS ? [{ ...last, metric, value: last.value }] : [];
    });
  }

  #smoothed(selector: Kind<"vectorSelector">, lookMs: number): (Sample & { timeMs: number })[] {
    const window = { afterMs: lookMs - LOOKBACK_MS, upToMs: lookMs + LOOKBACK_MS };
    return this.#between(selector.matchers, window).flatMap(({ metric, points }) => {
      const before = points.filter(({ timeMs }) => timeMs < lookMs).at(-1);
      const after = points.find(({ timeMs }) => timeMs >= lookMs);
      const kinds = new Set(points.map(({ value }) => isHistogram(value)));
      const value = kinds.size > 1 ? undefined : smoothedValue(before, after, lookMs);
      return value === undefined ? [] : [{ metric, value, timeMs: lookMs }];
    });
  }

  #matching(matchers: readonly Matcher[]): readonly StoredSeries[] {
    return this.#series.filter(({ metric }) =>
      matchers.every((matcher) => matcher.matches(metric.get(matcher.name) ?? "")),
    );
  }

  /** The time that `@` and `offset` make of a step's. */
  #lookTime(modifiers: TimeModifiers, atMs: number): number {
    const { timestampMs, startOrEnd, offsetExpr, offsetMs } = modifiers;
    const { startMs, endMs } = this.#times;
    const pinned = startOrEnd ? { start: startMs, end: endMs }[startOrEnd] : timestampMs;
    const offset = offsetExpr ? this.#duration(offsetExpr, true) : offsetMs;
    return (pinned ?? atMs) - offset;
  }

  #rangeOf(range: Kind<"matrixSelector"> | Kind<"subquery">): number {
    return range.rangeExpr ? this.#duration(range.rangeExpr, false) : range.rangeMs;
  }

  #duration(expr: Expr, mayBeNegative: boolean): number {
    const seconds = this.#durationSeconds(expr);
    if (!Number.isFinite(seconds) || (seconds <= 0 && !mayBeNegative)) {
      throw new TwinError("duration out of range");
    }
    return Math.trunc(seconds * 1000);
  }

  #durationSeconds(expr: Expr): number {
    if (expr.kind === "number") return expr.value;
    const { op, lhs, rhs } = expr as Kind<"duration">;
    const [a, b] = [lhs, rhs].map((part) => (part ? this.#durationSeconds(part) : 0)) as [
      number,
      number,
    ];
    const { startMs, endMs, stepMs } = this.#times;
    if (op === "step") return stepMs / 1000;
    if (op === "range") return (endMs - startMs) / 1000;
    if (op === "min_of") return Math.min(a, b);
    if (op === "max_of") return Math.max(a, b);
    if ((op === "/" || op === "%") && b === 0) throw new TwinError("division by zero");
    return scalarOperation(op, a, b);
  }
}

/** What a sample says of a reset since the one before means nothing of another one before it. */
function resampled(h: FloatHistogram): FloatHistogram {
  if (h.counterReset === CounterReset.gauge) return h;
  const out = h.copy();
  out.counterReset = CounterReset.unknown;
  return out;
}

/** The value on the line between two samples, or the last one that there is. */
function smoothedValue(
  before: Point | undefined,
  after: Point | undefined,
  timeMs: number,
): Value | undefined {
  if (after?.timeMs === timeMs) return after.value;
  if (before === undefined) return undefined;
  const [from, to] = [before.value, after?.value];
  if (isHistogram(from)) {
    if (to === undefined) {
      const held = from.copy();
      held.counterReset = CounterReset.unknown;
      return held;
    }
    const next = to as FloatHistogram;
    if (from.usesCustomBuckets !== next.usesCustomBuckets) return undefined;
    const gauges = [from, next].every((h) => h.counterReset === CounterReset.gauge);
    const points = [before, after] as [Point<FloatHistogram>, Point<FloatHistogram>];
    return histogramBetween(...points, { timeMs, isCounter: !gauges });
  }
  if (after === undefined) return from;
  const rise = ((to as number) - from) * (timeMs - before.timeMs);
  return from + rise / (after.timeMs - before.timeMs);
}

function inner(expr: Expr): Expr {
  return expr.kind === "paren" ? inner(expr.expr) : expr;
}

function clamp(samples: readonly Sample[], min: number, max: number): Sample[] {
  if (max < min) return [];
  return mapFloats(samples, (value) => Math.max(min, Math.min(max, value)));
}

/** The labels that an absent series would have: those which the selector sets, each once. */
function absentMetric(expr: Expr): Metric {
  const matchers =
    expr.kind === "matrixSelector"
      ? expr.selector.matchers
      : expr.kind === "vectorSelector"
        ? expr.matchers
        : [];
  let out: Metric = new Map();
  const seen = new Set<string>();
  for (const { type, name, value } of matchers) {
    if (name === METRIC_NAME) continue;
    const sets = type === "=" && !seen.has(name);
    out = withLabel(out, name, sets ? value : "");
    if (sets) seen.add(name);
  }
  return out;
}

/** Info series are looked up where the first selector of `expr` looks. */
function infoTime(expr: Expr, atMs: number): number {
  let found: number | undefined;
  walk(expr, (node, path) => {
    if (node.kind !== "vectorSelector" || found !== undefined) return;
    let pinned = node.timestampMs;
    let offsetMs = node.offsetMs;
    for (const outer of [...path].reverse()) {
      if (outer.kind !== "subquery" || pinned !== undefined) continue;
      pinned = outer.timestampMs;
      offsetMs += outer.offsetMs;
    }
    found = (pinned ?? atMs) - offsetMs;
  });
  return found ?? atMs;
}
