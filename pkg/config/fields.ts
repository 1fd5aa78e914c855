import { z } from "zod";
import { formatDuration, parseDuration } from "#pkg/model/mod.ts";

/** What the reference and `--help` say of a config key, beside its schema. */
export interface FieldInfo {
  readonly doc: string;
  /** How the value is written: `duration`, `bytes`, `int`, `float`, `bool`, `string`, `list`, … */
  readonly type: string;
  readonly default: unknown;
  /** Never shown by `/config` or logs. */
  readonly secret?: boolean;
  readonly choices?: readonly string[];
}

const INFO = new WeakMap<z.ZodType, FieldInfo>();

/** The description of a leaf of the schema, or undefined for sections. */
export function fieldInfo(schema: z.ZodType): FieldInfo | undefined {
  return INFO.get(schema);
}

function described<T extends z.ZodType>(schema: T, info: FieldInfo): T {
  INFO.set(schema, info);
  return schema;
}

/** A whole number. */
export function int(init: { default: number; min?: number; max?: number; doc: string }) {
  let schema = z.coerce.number().int();
  if (init.min !== undefined) schema = schema.min(init.min);
  if (init.max !== undefined) schema = schema.max(init.max);
  return described(schema.default(init.default), {
    doc: init.doc,
    type: "int",
    default: init.default,
  });
}

/** A number. */
export function float(init: { default: number; min?: number; doc: string }) {
  let schema = z.coerce.number();
  if (init.min !== undefined) schema = schema.min(init.min);
  return described(schema.default(init.default), {
    doc: init.doc,
    type: "float",
    default: init.default,
  });
}

/** Text. */
export function text(init: { default: string; doc: string; secret?: boolean }) {
  return described(z.string().default(init.default), {
    doc: init.doc,
    type: "string",
    default: init.default,
    ...(init.secret ? { secret: true } : {}),
  });
}

/** `true` or `false`, as a word too. */
export function bool(init: { default: boolean; doc: string }) {
  const schema = z.preprocess(
    (value) => (value === "true" || value === "" ? true : value === "false" ? false : value),
    z.boolean(),
  );
  return described(schema.default(init.default), {
    doc: init.doc,
    type: "bool",
    default: init.default,
  });
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(
  choices: T,
  init: { default: T[number]; doc: string },
) {
  return described(z.enum(choices).default(init.default as never), {
    doc: init.doc,
    type: "string",
    default: init.default,
    choices,
  });
}

function splitWords(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value === "" ? [] : value.split(",").map((word) => word.trim());
}

/** A list of some of a few words; one string with commas does as well. */
export function choices<const T extends readonly [string, ...string[]]>(
  all: T,
  init: { default: readonly T[number][]; doc: string },
) {
  const schema = z.preprocess(splitWords, z.array(z.enum(all)));
  return described(schema.default([...init.default] as never), {
    doc: init.doc,
    type: "list",
    default: init.default.join(","),
    choices: all,
  });
}

/** A list of words; one string with commas does as well. */
export function list(init: { default: readonly string[]; doc: string }) {
  const schema = z.preprocess(splitWords, z.array(z.string()));
  return described(schema.default([...init.default]), {
    doc: init.doc,
    type: "list",
    default: init.default.join(","),
  });
}

/** A Prometheus duration such as `1h30m`; its value is in milliseconds. */
export function duration(init: { default: string; minMs?: number; doc: string }) {
  const schema = z.union([z.string(), z.literal(0)]).transform((value, context) => {
    if (value === 0 || value === "0") return 0;
    try {
      const ms = parseDuration(value);
      if (init.minMs === undefined || ms >= init.minMs) return ms;
      context.addIssue({
        code: "custom",
        message: `want at least ${formatDuration(init.minMs)}, got ${value}`,
      });
    } catch {
      context.addIssue({ code: "custom", message: `want a duration such as 5m, got "${value}"` });
    }
    return z.NEVER;
  });
  return described(schema.prefault(init.default), {
    doc: init.doc,
    type: "duration",
    default: init.default,
  });
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
};

/** A size such as `100MB` or `64MiB`, or a number of bytes. */
export function bytes(init: { default: string; doc: string }) {
  const schema = z.union([z.string(), z.number()]).transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(value));
    const unit = match ? UNITS[match[2]!.toUpperCase()] : undefined;
    if (match && unit !== undefined) return Math.round(Number(match[1]) * unit);
    context.addIssue({ code: "custom", message: `want a size such as 64MiB, got "${value}"` });
    return z.NEVER;
  });
  return described(schema.prefault(init.default), {
    doc: init.doc,
    type: "bytes",
    default: init.default,
  });
}

/** A group of keys; any other key is an error. */
export function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape).prefault({} as never);
}
