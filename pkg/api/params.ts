import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { parseDuration } from "#pkg/model/mod.ts";

/** The parameters of a request, from its query string and, for a POST, its form body. */
export class Params {
  readonly #params: URLSearchParams;

  constructor(url: string, form?: string) {
    const at = url.indexOf("?");
    this.#params = new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
    for (const [name, value] of new URLSearchParams(form ?? "")) this.#params.append(name, value);
  }

  /** The first value, or undefined; an empty one counts as missing, as upstream has it. */
  get(name: string): string | undefined {
    const value = this.#params.get(name);
    return value === null || value === "" ? undefined : value;
  }

  all(name: string): readonly string[] {
    return this.#params.getAll(name);
  }

  required(name: string): string {
    const value = this.get(name);
    if (value === undefined) throw invalid(name, `parameter "${name}" is missing`);
    return value;
  }

  /** A time in ms, from Unix seconds or RFC 3339. */
  time(name: string, fallback?: number): number {
    const value = this.get(name);
    if (value === undefined && fallback !== undefined) return fallback;
    try {
      return parseTime(value ?? "");
    } catch (error) {
      throw invalid(name, messageOf(error));
    }
  }

  /** A duration in ms, from seconds or a Prometheus duration. */
  duration(name: string, fallback?: number): number {
    const value = this.get(name);
    if (value === undefined && fallback !== undefined) return fallback;
    try {
      return parseSeconds(value ?? "");
    } catch (error) {
      throw invalid(name, messageOf(error));
    }
  }

  /** A limit: a whole number; 0 means none. */
  limit(name = "limit"): number {
    const value = this.get(name);
    if (value === undefined) return 0;
    if (!/^\d+$/.test(value)) throw invalid(name, "limit must be a non-negative number");
    return Number(value);
  }
}

function invalid(name: string, message: string): NarthexError {
  return new NarthexError("bad_data", `invalid parameter "${name}": ${message}`);
}

/** Upstream's `minTime` and `maxTime` spellings, which some clients send for an open range. */
const OPEN_ENDS: Readonly<Record<string, number>> = {
  "-292273086-05-16T16:47:06Z": -8.64e15,
  "292277025-08-18T07:12:54.999999999Z": 8.64e15,
};

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** ms since the epoch from Unix seconds, with fraction, or RFC 3339. */
export function parseTime(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    if (Number.isSafeInteger(ms)) return ms;
  } else if (RFC3339.test(text)) {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return ms;
  }
  const open = OPEN_ENDS[text];
  if (open !== undefined) return open;
  throw new NarthexError("bad_data", `cannot parse "${text}" to a valid timestamp`);
}

/** ms from seconds, with fraction, or a Prometheus duration. */
export function parseSeconds(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    if (Number.isSafeInteger(ms)) return ms;
    throw new NarthexError(
      "bad_data",
      `cannot parse "${text}" to a valid duration. It overflows int64`,
    );
  }
  try {
    return parseDuration(text);
  } catch (error) {
    throw new NarthexError("bad_data", `cannot parse "${text}" to a valid duration`, {
      cause: error,
    });
  }
}
