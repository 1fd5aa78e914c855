import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf } from "#pkg/errs/mod.ts";
import { formatSeries, labelsFromObject } from "#pkg/labels/mod.ts";
import { formatFloat, parseFloatText } from "#pkg/model/mod.ts";
import { Engine, type MatrixValue } from "#pkg/promql/mod.ts";
import { peer } from "../peers/peers.ts";
import { type PrometheusServer, startPrometheus } from "../peers/prometheus.ts";
import { MemoryStorage } from "../promqltest/memory-storage.ts";
import { Choices, QueryGenerator } from "../promqltest/query-generator.ts";

const QUERIES = 300;
const BASE_SECONDS = 1_700_000_000;

/** Series with gaps, NaN and infinities; times that no range's end falls on. */
function makeSeries(choices: Choices): Map<string, readonly (readonly [number, number])[]> {
  const out = new Map<string, (readonly [number, number])[]>();
  const add = (series: string, value: (i: number) => number): void => {
    const samples: (readonly [number, number])[] = [];
    for (let i = 0; i < 240; i++) {
      const missing = choices.next() < 0.15 || (i > 100 && i < 140 && series.includes('inst="b"'));
      if (!missing) samples.push([(BASE_SECONDS + i * 15) * 1000 + 7, value(i)]);
    }
    out.set(series, samples);
  };
  for (const inst of ["a", "b", "c"]) {
    for (const job of ["x", "y"]) {
      const labels = `inst="${inst}",job="${job}"`;
      let count = 1e6;
      add(`req_total{${labels}}`, () => (count += choices.pick([0, 1, 2, 5.5])));
      const odd = [1, 2, -3, 4.25, 0, NaN, Infinity];
      add(`gauge{${labels}}`, () => (inst === "a" ? choices.pick(odd) : choices.next() * 10 - 5));
      for (const [le, rate] of [
        ["0.1", 1],
        ["0.5", 1.7],
        ["1", 2.2],
        ["+Inf", 3],
      ] as const) {
        add(`lat_bucket{${labels},le="${le}"}`, (i) => 1e4 + Math.round(i * rate));
      }
    }
  }
  for (const job of ["x", "y", "z"]) add(`info{job="${job}",ver="v${job}"}`, () => 1);
  return out;
}

function labelsOf(series: string): Record<string, string> {
  const [name, rest] = series.split("{") as [string, string];
  const labels: Record<string, string> = { __name__: name };
  for (const [, key, value] of rest.matchAll(/(\w+)="([^"]*)"/g)) labels[key!] = value!;
  return labels;
}

interface ApiSeries {
  readonly metric: Record<string, string>;
  readonly values: readonly (readonly [number, string])[];
}

const missing = ["prometheus", "promtool"].filter((name) => peer(name) === undefined);

describe.skipIf(missing.length > 0)(
  `peer prometheus (missing: ${missing.join() || "none"})`,
  () => {
    const seed = Number(process.env["NARTHEX_SEED"] ?? 1);
    const storage = new MemoryStorage(5);
    let server: PrometheusServer | undefined;
    let folder = "";

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "narthex-promql-"));
      const lines: string[] = [];
      for (const [series, samples] of makeSeries(new Choices(42))) {
        storage.append(
          labelsFromObject(labelsOf(series)),
          samples.map(([timeMs, value]) => ({ timeMs, value })),
        );
        for (const [time, value] of samples) {
          lines.push(`${series} ${formatFloat(value)} ${(time / 1000).toFixed(3)}`);
        }
      }
      const input = join(folder, "input.om");
      writeFileSync(input, `${lines.join("\n")}\n# EOF\n`);
      const data = join(folder, "data");
      execFileSync(peer("promtool")!, ["tsdb", "create-blocks-from", "openmetrics", input, data]);
      server = await startPrometheus({ dataDir: data });
    });

    afterAll(async () => {
      await server?.stop();
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
    });

    test(`${QUERIES} random range queries of seed ${seed} give what Prometheus gives`, async () => {
      const choices = new Choices(seed);
      const generator = new QueryGenerator(choices);
      const engine = new Engine();
      for (let n = 0; n < QUERIES; n++) {
        const query = generator.vector(3);
        const start = BASE_SECONDS + 300.5 + Math.floor(choices.next() * 600);
        const times = { start, end: start + 1800, step: choices.pick([30, 60, 97]) };
        const want = await ask(server!.url, query, times);
        const got = await answer(engine, storage, query, times);
        expect(difference(want, got), `${query} ${JSON.stringify(times)}`).toBeUndefined();
      }
    });
  },
);

interface Times {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** An error's message, or values by series and time. */
type Comparable = string | Map<string, Map<number, number>>;

/** How `got` differs from `want` beyond what sums in another order may leave. */
function difference(want: Comparable, got: Comparable): string | undefined {
  if (typeof want === "string" || typeof got === "string") {
    return want === got ? undefined : `${String(got)}, want ${String(want)}`;
  }
  const names = [...new Set([...want.keys(), ...got.keys()])];
  for (const name of names) {
    const wanted = want.get(name) ?? new Map<number, number>();
    const given = got.get(name) ?? new Map<number, number>();
    for (const time of new Set([...wanted.keys(), ...given.keys()])) {
      const a = wanted.get(time);
      const b = given.get(time);
      if (Object.is(a, b) || a === b) continue;
      const close = Math.abs(a! - b!) <= 1e-12 + 1e-9 * Math.max(Math.abs(a!), Math.abs(b!));
      if (!close) return `${name} at ${time}: ${b}, want ${a}`;
    }
  }
  return undefined;
}

async function ask(url: string, query: string, times: Times): Promise<Comparable> {
  const params = new URLSearchParams({ query });
  for (const [name, value] of Object.entries(times)) params.set(name, String(value));
  const response = await fetch(`${url}/api/v1/query_range?${params}`);
  const body = (await response.json()) as {
    readonly error?: string;
    readonly data?: { readonly result: readonly ApiSeries[] };
  };
  if (!body.data) return shorten(body.error ?? "");
  const out = new Map<string, Map<number, number>>();
  for (const { metric, values } of body.data.result) {
    const points = values.map(([time, text]) => [time * 1000, parseFloatText(text)!] as const);
    out.set(formatSeries(labelsFromObject(metric)), new Map(points));
  }
  return out;
}

async function answer(
  engine: Engine,
  storage: MemoryStorage,
  query: string,
  { start, end, step }: Times,
): Promise<Comparable> {
  const times = { startMs: start * 1000, endMs: end * 1000, stepMs: step * 1000 };
  let value: MatrixValue;
  try {
    const result = await engine.range(storage, query, times, new AbortController().signal);
    value = result.value as MatrixValue;
  } catch (error) {
    return shorten(messageOf(error));
  }
  const out = new Map<string, Map<number, number>>();
  for (const { labels, kinds, values } of value.series) {
    const points = new Map<number, number>();
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== 0) points.set(value.startMs + i * value.stepMs, values[i]!);
    }
    out.set(formatSeries(labels), points);
  }
  return out;
}

/** Which of several duplicates is named depends on the order of series. */
function shorten(message: string): string {
  return message.replace(/found duplicate series for the match group.*/, "found duplicate series");
}
