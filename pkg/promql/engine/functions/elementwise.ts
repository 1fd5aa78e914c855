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
  ["day_of_month", (x) => civil(x).day],
  ["day_of_week", (x) => (((days(x) + 4) % 7) + 7) % 7],
  ["day_of_year", (x) => days(x) - daysBefore(civil(x).year, 1, 1) + 1],
  ["days_in_month", (x) => daysInMonth(civil(x))],
  ["hour", (x) => Math.floor(secondOfDay(x) / 3600)],
  ["minute", (x) => Math.floor((secondOfDay(x) % 3600) / 60)],
  ["month", (x) => civil(x).month],
  ["year", (x) => civil(x).year],
]);

/** What Go makes of a number that no int64 holds; its date is as good as any. */
const INT64_MIN = -(2 ** 63);

/** Whole seconds; beyond 2^53 they are as far apart as floats are. */
function wholeSeconds(seconds: number): number {
  return Math.abs(seconds) < 2 ** 63 ? Math.trunc(seconds) : INT64_MIN;
}

function days(seconds: number): number {
  return Math.floor(wholeSeconds(seconds) / DAY_SECONDS);
}

function secondOfDay(seconds: number): number {
  const rest = wholeSeconds(seconds) % DAY_SECONDS;
  return rest < 0 ? rest + DAY_SECONDS : rest;
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days in 400 years; after those the calendar repeats. */
const ERA_DAYS = 146_097;

/** The Gregorian date, also far beyond what `Date` can do; years begin in March on the way. */
function civil(seconds: number): CivilDate {
  // Day 0 is 1970-01-01, 719468 days after 0000-03-01.
  const shifted = days(seconds) + 719_468;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const before = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - before;
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Days from the epoch to a date; the inverse of `civil`. */
function daysBefore(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - 719_468;
}

function daysInMonth({ year, month }: CivilDate): number {
  const next = month === 12 ? daysBefore(year + 1, 1, 1) : daysBefore(year, month + 1, 1);
  return next - daysBefore(year, month, 1);
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
