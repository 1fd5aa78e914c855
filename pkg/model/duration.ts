import { NarthexError } from "#pkg/errs/mod.ts";

/** Units of a Prometheus duration, largest first, in ms. */
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["y", 365 * 24 * 3600 * 1000],
  ["w", 7 * 24 * 3600 * 1000],
  ["d", 24 * 3600 * 1000],
  ["h", 3600 * 1000],
  ["m", 60 * 1000],
  ["s", 1000],
  ["ms", 1],
];

/** The longest duration, ms: what fits 63 bits of nanoseconds, as Prometheus counts them. */
export const DURATION_MS_MAX = 9_223_372_036_854;

const PART = /(\d+)([^\d]+)/y;

/**
 * Parses a Prometheus duration such as `1h30m`, `5m` or `0` into ms. Units come in the order
 * y, w, d, h, m, s, ms, each at most once; there is no sign and no fraction.
 * Errors: `bad_data` with Prometheus's text. Source: prometheus/common model.ParseDuration.
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  if (text === "") throw new NarthexError("bad_data", "empty duration string");
  let ms = 0;
  let lastUnit = -1;
  for (let at = 0; at < text.length; ) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    if (!part) throw invalidDuration(text);
    at += part[0].length;
    const unit = UNITS.findIndex(([name]) => name === part[2]);
    if (unit < 0) {
      throw new NarthexError("bad_data", `unknown unit "${part[2]}" in duration "${text}"`);
    }
    if (unit <= lastUnit) throw invalidDuration(text);
    lastUnit = unit;
    ms += Number(part[1]) * UNITS[unit]![1];
    if (ms > DURATION_MS_MAX) throw new NarthexError("bad_data", "duration out of range");
  }
  return ms;
}

function invalidDuration(text: string): NarthexError {
  return new NarthexError("bad_data", `not a valid duration string: "${text}"`);
}

/**
 * Formats ms as a Prometheus duration: `90s` is `1m30s`, 0 is `0s`. Years and weeks appear only
 * where they are all of it, as `90d` reads better than `12w6d`. Fractions of a ms are dropped.
 */
export function formatDuration(ms: number): string {
  let rest = Math.trunc(ms);
  if (rest === 0) return "0s";
  let out = "";
  if (rest < 0) {
    out = "-";
    rest = -rest;
  }
  for (const [unit, size] of UNITS) {
    if ((unit === "y" || unit === "w") && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) out += `${count}${unit}`;
    rest -= count * size;
  }
  return out;
}
