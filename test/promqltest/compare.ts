import { type FloatHistogram, formatTestHistogram } from "#pkg/histogram/mod.ts";
import { compareLabels, formatSeries, type Labels, labelsKey } from "#pkg/labels/mod.ts";
import type { QueryValue, SequenceValue, SeriesDescription, VectorValue } from "#pkg/promql/mod.ts";
import type { EvalCommand } from "./script.ts";

const EPSILON = 1e-6;
const MIN_NORMAL = 2.2250738585072014e-308;

/** Equal within the relative error that the scripts allow. */
export function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < EPSILON * MIN_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

/** Equal as the scripts compare histograms: empty buckets aside, numbers almost. */
function almostEqualHistograms(want: FloatHistogram, got: FloatHistogram): boolean {
  const a = want.copy().compact(0);
  const b = got.copy().compact(0);
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    almostEqual(a.count, b.count) &&
    almostEqual(a.sum, b.sum) &&
    almostEqual(a.zeroCount, b.zeroCount) &&
    (!a.usesCustomBuckets || sameNumbers(a.customValues, b.customValues)) &&
    sameNumbers(a.positiveSpans, b.positiveSpans) &&
    sameNumbers(a.negativeSpans, b.negativeSpans) &&
    almostEqualLists(a.positiveBuckets, b.positiveBuckets) &&
    almostEqualLists(a.negativeBuckets, b.negativeBuckets)
  );
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}

function almostEqualLists(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => almostEqual(value, b[i]!));
}

/** One sample of a result. */
interface GotPoint {
  readonly timeMs: number;
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
}

interface GotSeries {
  readonly labels: Labels;
  readonly points: readonly GotPoint[];
}

function formatPoint({ value, histogram }: Omit<GotPoint, "timeMs">): string {
  return histogram ? formatTestHistogram(histogram) : String(value);
}

function formatWant(want: SequenceValue): string {
  if (want.kind === "float") return String(want.value);
  return want.kind === "histogram" ? formatTestHistogram(want.histogram) : want.kind;
}

/** True if a sample is what the script wants; `omitted` in place of a sample stands for 0. */
function isWanted({ value, histogram }: Omit<GotPoint, "timeMs">, want: SequenceValue): boolean {
  if (want.kind === "histogram") {
    if (histogram === undefined || !almostEqualHistograms(want.histogram, histogram)) return false;
    return !want.isHintGiven || want.histogram.counterReset === histogram.counterReset;
  }
  if (histogram !== undefined || want.kind === "stale") return false;
  return almostEqual(value, want.kind === "float" ? want.value : 0);
}

/** What is wrong with `value` for what the command expects; undefined if nothing. */
export function compareValue(value: QueryValue, command: EvalCommand): string | undefined {
  switch (value.type) {
    case "string":
      return value.value === (command.string ?? "")
        ? undefined
        : `string ${JSON.stringify(value.value)}`;
    case "scalar":
      if (command.scalar === undefined) return `unexpected scalar ${value.value}`;
      return almostEqual(value.value, command.scalar)
        ? undefined
        : `scalar ${value.value}, want ${command.scalar}`;
    case "vector":
      return compareVector(value, command);
    default:
      return compareMatrix(seriesOf(value), command);
  }
}

function isOrdered(command: EvalCommand): boolean {
  return command.expectations.some(({ kind }) => kind === "ordered");
}

function compareVector(value: VectorValue, command: EvalCommand): string | undefined {
  if (command.scalar !== undefined) return "vector, want a scalar";
  const wanted = new Map(command.series.map((series, i) => [labelsKey(series.labels), i]));
  const ordered = isOrdered(command);
  const seen = new Set<string>();
  for (let i = 0; i < value.labels.length; i++) {
    const labels = value.labels[i]!;
    const key = labelsKey(labels);
    const point = { value: value.values[i]!, histogram: value.histograms?.[i] };
    const name = `${formatSeries(labels)} ${formatPoint(point)}`;
    const at = wanted.get(key);
    if (at === undefined) return `unexpected ${name}`;
    if (ordered && at !== i) return `${name} at position ${i + 1}, want ${at + 1}`;
    const want = command.series[at]!.values[0];
    if (want === undefined) return `${name}, want no value`;
    if (!isWanted(point, want)) return `${name}, want ${formatWant(want)}`;
    seen.add(key);
  }
  return missing(command, seen);
}

function missing(command: EvalCommand, seen: ReadonlySet<string>): string | undefined {
  const absent = command.series.find(({ labels }) => !seen.has(labelsKey(labels)));
  return absent && `missing ${formatSeries(absent.labels)}`;
}

function seriesOf(value: QueryValue): GotSeries[] {
  if (value.type === "samples") {
    return value.series.map(({ labels, timestamps, values, histograms }) => ({
      labels,
      points: Array.from(timestamps, (timeMs, i) => ({
        timeMs,
        value: values[i]!,
        histogram: histograms?.[i],
      })),
    }));
  }
  if (value.type !== "matrix") return [];
  return value.series.map(({ labels, kinds, values, histograms }) => {
    const points: GotPoint[] = [];
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === 0) continue;
      const timeMs = value.startMs + i * value.stepMs;
      points.push({ timeMs, value: values[i]!, histogram: histograms?.[i] });
    }
    return { labels, points };
  });
}

function compareMatrix(got: readonly GotSeries[], command: EvalCommand): string | undefined {
  if (isOrdered(command)) return "matrix, want an ordered result";
  if (command.scalar !== undefined) return "matrix, want a scalar";
  const wanted = new Map(command.series.map((series) => [labelsKey(series.labels), series]));
  const seen = new Set<string>();
  for (let i = 0; i < got.length; i++) {
    const { labels, points } = got[i]!;
    if (i > 0 && compareLabels(got[i - 1]!.labels, labels) > 0) return "matrix is not sorted";
    const want = wanted.get(labelsKey(labels));
    const list = points.map((point) => `${formatPoint(point)}@${point.timeMs}`).join(" ");
    const shown = `${formatSeries(labels)} ${list}`;
    if (!want) return `unexpected ${shown}`;
    const problem = comparePoints(points, want, command);
    if (problem !== undefined) return `${shown}: ${problem}`;
    seen.add(labelsKey(labels));
  }
  return missing(command, seen);
}

function comparePoints(
  points: readonly GotPoint[],
  want: SeriesDescription,
  { startMs, endMs, stepMs }: EvalCommand,
): string | undefined {
  if (want.values.length > 0 && startMs + (want.values.length - 1) * stepMs > endMs) {
    return `${want.values.length} points are more than the time range can have`;
  }
  const expected = want.values
    .map((value, i) => [startMs + i * stepMs, value] as const)
    .filter(([, value]) => value.kind !== "omitted");
  if (expected.length !== points.length) return `want ${expected.length} points`;
  for (let i = 0; i < expected.length; i++) {
    const [time, value] = expected[i]!;
    const point = points[i]!;
    if (point.timeMs !== time) return `point ${i} at ${point.timeMs}, want ${time}`;
    if (!isWanted(point, value)) {
      return `point ${i} is ${formatPoint(point)}, want ${formatWant(value)}`;
    }
  }
  return undefined;
}
