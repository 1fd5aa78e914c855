import { NarthexError } from "#pkg/errs/mod.ts";
import { parseDuration } from "#pkg/model/mod.ts";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Ms since the epoch from Unix seconds or RFC 3339. Errors: `bad_data`. */
export function parseTimeMs(text: string): number {
  const ms = NUMBER.test(text)
    ? Math.round(Number(text) * 1000)
    : RFC3339.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isSafeInteger(ms)) return ms;
  throw new NarthexError("bad_data", `want a time as RFC 3339 or Unix seconds, got "${text}"`);
}

/** Ms from seconds or a Prometheus duration. Errors: `bad_data`. */
export function parseDurationMs(text: string): number {
  const ms = NUMBER.test(text) ? Math.round(Number(text) * 1000) : parseDuration(text);
  if (Number.isSafeInteger(ms) && ms > 0) return ms;
  throw new NarthexError("bad_data", `want a duration above zero, got "${text}"`);
}

/** Ms since the epoch as RFC 3339 in UTC, without fractions that are zero. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
