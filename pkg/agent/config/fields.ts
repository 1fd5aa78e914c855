import { z } from "zod";
import { messageOf } from "#pkg/errs/mod.ts";
import { parseDuration } from "#pkg/model/mod.ts";

// The file is read with every scalar as text, as Go's YAML decoder reads `regex: 1` or
// `password: 007` into a string; each field then says what its text means.

/** Nothing stands at a key: `key:`, `key: ~`, `key: null`. */
function isNothing(value: unknown): boolean {
  return value === null || value === "" || value === "~" || value === "null";
}

function parsed<T>(parse: (text: string) => T) {
  return z.string("want a single value").transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
      return z.NEVER;
    }
  });
}

function refuse(want: string, got: string): never {
  throw new Error(`want ${want}, got "${got}"`);
}

/** Text. */
export function text() {
  return z.string("want text");
}

/** Text that may not be empty. */
export function word() {
  return parsed((value) => (value === "" ? refuse("text", value) : value));
}

/** `true` or `false`, or YAML 1.1's other words for them. */
export function bool() {
  return parsed((value) => {
    if (/^(true|yes|on|y)$/i.test(value)) return true;
    if (/^(false|no|off|n)$/i.test(value)) return false;
    return refuse("true or false", value);
  });
}

/** A whole number of at least `min`. */
export function int(min = 0) {
  return parsed((value) => {
    const number = /^[+-]?\d[\d_]*$/.test(value) ? Number(value.replaceAll("_", "")) : NaN;
    if (!Number.isSafeInteger(number)) refuse("a whole number", value);
    if (number < min) refuse(`at least ${min}`, value);
    return number;
  });
}

/** A number. */
export function number() {
  return parsed((value) => {
    const result = value.trim() === "" ? NaN : Number(value);
    return Number.isNaN(result) ? refuse("a number", value) : result;
  });
}

/** A duration such as `1m30s`, in ms. */
export function duration() {
  return parsed(parseDuration);
}

const BASE2: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** A size such as `15MB` or `1KiB`; units are powers of 1024 and must be named, 0 needs none. */
export function size() {
  return parsed((value) => {
    if (value === "0") return 0;
    const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)$/.exec(value);
    if (!match) return refuse("a size with a unit such as 15MB", value);
    return Math.round(Number(match[1]) * BASE2[match[2]!]!);
  });
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(words: T) {
  return parsed((value): T[number] =>
    words.includes(value) ? value : refuse(`one of ${words.join(", ")}`, value),
  );
}

/** A list; nothing is the empty list. */
export function list<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (isNothing(value) ? [] : value), z.array(item, "want a list"));
}

/** A mapping of names to values; nothing is the empty mapping. */
export function mapping<T extends z.ZodType>(value: T) {
  return z.preprocess(
    (node) => (isNothing(node) ? {} : node),
    z.record(z.string(), value, "want a mapping"),
  );
}

/** A mapping with known keys. Where nothing stands there, that is an error. */
export function entry<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "invalid_type" ? "want a mapping, got nothing of the kind" : undefined,
  });
}

/** A mapping with known keys, all of them optional; nothing is the empty mapping. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.preprocess((value) => (isNothing(value) ? {} : value), entry(shape));
}

/** A key that Prometheus knows and this version does not: an error wherever it is used. */
export function unsupported(message = "is not supported by this version") {
  return z
    .unknown()
    .superRefine((value, context) => {
      if (value !== undefined) context.addIssue({ code: "custom", message });
    })
    .optional();
}

/** A key that Prometheus knows and that changes nothing here. */
export function ignored() {
  return z.unknown().optional();
}
