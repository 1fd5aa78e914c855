import { expect } from "vitest";
import { labelValue } from "#pkg/labels/mod.ts";
import { api } from "./compare.ts";
import type { SentSample } from "./sender.ts";

interface Matrix {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly values: readonly (readonly [number, string])[];
  }[];
}

const keyOf = (name: string, instance: string, t: number): string => `${name} ${instance}@${t}`;
/** Under what key `storedSamples` has a sample. */
export const keyOfSample = ({ labels, t }: SentSample): string =>
  keyOf(labelValue(labels, "__name__"), labelValue(labels, "instance"), t);

/** What a server holds of a `SampleSender`'s samples of six hours up to `atMs`, each of them once. */
export async function storedSamples(base: string, atMs: number): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  const selector = '{__name__=~"sent_metric_.*"}[6h]';
  const time = String(atMs / 1000);
  const data = await api<Matrix>(base, "query", { query: selector, time });
  for (const { metric, values } of data.result) {
    for (const [seconds, value] of values) {
      const t = Math.round(seconds * 1000);
      const key = keyOf(metric["__name__"]!, metric["instance"]!, t);
      expect(out.has(key), key).toBe(false);
      out.set(key, value);
    }
  }
  const counted = await api<{ result: readonly { value: [number, string] }[] }>(base, "query", {
    query: `sum(count_over_time(${selector}))`,
    time,
  });
  expect(Number(counted.result[0]?.value[1] ?? 0)).toBe(out.size);
  return out;
}
