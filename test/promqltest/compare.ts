import { compareLabels, formatSeries, type Labels, labelsKey } from "#pkg/labels/mod.ts";
import type { QueryValue, SequenceValue, SeriesDescription } from "#pkg/promql/mod.ts";
import type { EvalCommand } from "./script.ts";

const EPSILON = 1e-6;

/** Equal within the relative error that the scripts allow. */
export function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const sum = Math.abs(a) + Math.abs(b);
  return Math.abs(a - b) / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

/** Samples of a result, series by series. */
interface GotSeries {
  readonly labels: Labels;
  readonly points: readonly (readonly [timeMs: number, value: number])[];
}

/** What is wrong with `value` for what the command expects; undefined if nothing. */
export function compareValue(value: QueryValue, command: EvalCommand): string | undefined {
  switch (value.type) {
    case "string":
      return value.value === command.string ? undefined : `string ${JSON.stringify(value.value)}`;
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

function compareVector(
  value: { readonly labels: readonly Labels[]; readonly values: Float64Array },
  command: EvalCommand,
): string | undefined {
  if (command.scalar !== undefined) return "vector, want a scalar";
  const wanted = new Map(command.series.map((series, i) => [labelsKey(series.labels), i]));
  const ordered = command.expectations.some(({ kind }) => kind === "ordered");
  const seen = new Set<string>();
  for (let i = 0; i < value.labels.length; i++) {
    const labels = value.labels[i]!;
    const key = labelsKey(labels);
    const name = `${formatSeries(labels)} ${value.values[i]}`;
    const at = wanted.get(key);
    if (at === undefined) return `unexpected ${name}`;
    if (ordered && at !== i) return `${name} at position ${i + 1}, want ${at + 1}`;
    const want = command.series[at]!.values[0];
    if (want?.kind !== "float") return `${name}, want ${JSON.stringify(want)}`;
    if (!almostEqual(value.values[i]!, want.value)) return `${name}, want ${want.value}`;
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
    return value.series.map(({ labels, timestamps, values }) => ({
      labels,
      points: Array.from(timestamps, (t, i) => [t, values[i]!] as const),
    }));
  }
  if (value.type !== "matrix") return [];
  return value.series.map(({ labels, kinds, values }) => {
    const points: [number, number][] = [];
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== 0) points.push([value.startMs + i * value.stepMs, values[i]!]);
    }
    return { labels, points };
  });
}

function compareMatrix(got: readonly GotSeries[], command: EvalCommand): string | undefined {
  if (command.scalar !== undefined) return "matrix, want a scalar";
  const wanted = new Map(command.series.map((series) => [labelsKey(series.labels), series]));
  const seen = new Set<string>();
  for (let i = 0; i < got.length; i++) {
    const { labels, points } = got[i]!;
    if (i > 0 && compareLabels(got[i - 1]!.labels, labels) > 0) return "matrix is not sorted";
    const want = wanted.get(labelsKey(labels));
    const shown = `${formatSeries(labels)} ${points.map(([t, v]) => `${v}@${t}`).join(" ")}`;
    if (!want) return `unexpected ${shown}`;
    const problem = comparePoints(points, want, command);
    if (problem !== undefined) return `${shown}: ${problem}`;
    seen.add(labelsKey(labels));
  }
  return missing(command, seen);
}

function comparePoints(
  points: GotSeries["points"],
  want: SeriesDescription,
  command: EvalCommand,
): string | undefined {
  const expected = want.values
    .map((value, i) => [command.startMs + i * command.stepMs, value] as const)
    .filter(([, value]) => value.kind !== "omitted");
  if (expected.length !== points.length) return `want ${expected.length} points`;
  for (let i = 0; i < expected.length; i++) {
    const [time, value] = expected[i]! as readonly [number, SequenceValue];
    const [gotTime, gotValue] = points[i]!;
    if (gotTime !== time) return `point ${i} at ${gotTime}, want ${time}`;
    if (value.kind !== "float") return `point ${i}: want a ${value.kind}`;
    if (!almostEqual(gotValue, value.value))
      return `point ${i} is ${gotValue}, want ${value.value}`;
  }
  return undefined;
}
