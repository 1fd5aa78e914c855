// Hot path: functions of one value, a few ns each, in place.
import type { Row } from "../row.ts";

type Unary = (value: number) => number;

const DAY_SECONDS = 86_400;

/** Functions of one number by their PromQL name. */
export const ELEMENTWISE: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["abs", Math.abs],
  ["acos", Math.acos],
  ["acosh", Math.acosh],
  ["asin", Math.asin],
  ["asinh", Math.asinh],
  ["atan", Math.atan],
  ["atanh", Math.atanh],
  ["ceil", Math.ceil],
  ["cos", Math.cos],
  ["cosh", Math.cosh],
  ["deg", (x) => (x * 180) / Math.PI],
  ["exp", Math.exp],
  ["floor", Math.floor],
  ["ln", Math.log],
  ["log10", Math.log10],
  ["log2", Math.log2],
  ["rad", (x) => (x * Math.PI) / 180],
  ["sgn", (x) => (x < 0 ? -1 : x > 0 ? 1 : x)],
  ["sin", Math.sin],
  ["sinh", Math.sinh],
  ["sqrt", Math.sqrt],
  ["tan", Math.tan],
  ["tanh", Math.tanh],
]);

/** Parts of a date, of seconds since the epoch, in UTC. */
export const DATE_PARTS: ReadonlyMap<string, Unary> = new Map<string, Unary>([
  ["day_of_month", (x) => date(x).getUTCDate()],
  ["day_of_week", (x) => date(x).getUTCDay()],
  ["day_of_year", dayOfYear],
  ["days_in_month", daysInMonth],
  ["hour", (x) => date(x).getUTCHours()],
  ["minute", (x) => date(x).getUTCMinutes()],
  ["month", (x) => date(x).getUTCMonth() + 1],
  ["year", (x) => date(x).getUTCFullYear()],
]);

function date(seconds: number): Date {
  return new Date(Math.trunc(seconds) * 1000);
}

function dayOfYear(seconds: number): number {
  const day = date(seconds);
  const first = Date.UTC(day.getUTCFullYear(), 0, 1) / 1000;
  return Math.floor((Math.trunc(seconds) - first) / DAY_SECONDS) + 1;
}

function daysInMonth(seconds: number): number {
  const day = date(seconds);
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
}

/** Replaces each value of `row` by `change` of it. */
export function mapRow(row: Row, change: Unary): void {
  const { kinds, values } = row;
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] !== 0) values[i] = change(values[i]!);
  }
}

/** `round(v, to)`: to the nearest multiple, ties up. */
export function roundRow(row: Row, to: Float64Array): void {
  const { kinds, values } = row;
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === 0) continue;
    // Multiplying by the inverse is what Prometheus does, for fewer rounding errors.
    const inverse = 1 / to[i]!;
    values[i] = Math.floor(values[i]! * inverse + 0.5) / inverse;
  }
}

/** Limits each value to its step's bounds; where those are the wrong way round, to nothing. */
export function clampRow(row: Row, min: Float64Array, max: Float64Array): void {
  const { kinds, values } = row;
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === 0) continue;
    if (max[i]! < min[i]!) kinds[i] = 0;
    else values[i] = Math.max(min[i]!, Math.min(max[i]!, values[i]!));
  }
}
