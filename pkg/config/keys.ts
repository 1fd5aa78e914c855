import { z } from "zod";
import { type FieldInfo, fieldInfo } from "./fields.ts";

/** One leaf of the configuration under its three names. */
export interface ConfigKey {
  /** Keys from the root, as in YAML. */
  readonly path: readonly string[];
  readonly flag: string;
  readonly env: string;
  readonly info: FieldInfo;
}

/** All leaves of a schema in its order. */
export function configKeys(schema: z.ZodType, path: readonly string[] = []): ConfigKey[] {
  const info = fieldInfo(schema);
  if (info !== undefined) return [{ path, flag: flagOf(path), env: envOf(path), info }];
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([key, child]) =>
    configKeys(child as z.ZodType, [...path, key]),
  );
}

/** The schema below defaults. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.def.innerType as z.ZodType;
  }
  return inner;
}

/** `ingester`, `block_duration` → `ingester.block-duration`. */
function flagOf(path: readonly string[]): string {
  return path.map((key) => key.replaceAll("_", "-")).join(".");
}

/** `ingester`, `block_duration` → `NARTHEX_INGESTER_BLOCK_DURATION`. */
function envOf(path: readonly string[]): string {
  return `NARTHEX_${path.join("_").toUpperCase()}`;
}

/** The known word nearest to `word`, if it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[b.length]!;
}
