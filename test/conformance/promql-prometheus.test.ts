import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatSeries, labelsFromObject } from "#pkg/labels/mod.ts";
import { formatFloat, parseFloatText } from "#pkg/model/mod.ts";
import { Engine } from "#pkg/promql/mod.ts";
import { peer } from "../peers/peers.ts";
import { type PrometheusServer, startPrometheus } from "../peers/prometheus.ts";
import { Choices } from "../promqltest/choices.ts";
import {
  type Answer,
  differenceOf,
  engineAnswer,
  type Question,
  shrink,
  storageOf,
} from "../promqltest/differential.ts";
import { BASE_SECONDS, generateData } from "../promqltest/generated-data.ts";
import { QueryGenerator } from "../promqltest/query-generator.ts";
import { toLabels } from "../promqltest/twin/mod.ts";

const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
/** The long form is 10,000. */
const QUERIES = Number(process.env["NARTHEX_QUERIES"] ?? 300);
/** How many questions Prometheus works on at a time. */
const IN_FLIGHT = 8;
const SAME_LABELS = /same labelset/;
/** Findings beyond these would hardly be read. */
const FINDINGS_MAX = 20;
/**
 * Values are below 2e6, and only means of them (which Prometheus computed otherwise in 2.42) and
 * what is mild about them are rough: a few units in the last place of the inputs.
 */
const TOLERANCE = { relative: 1e-12, absolute: 2e-9 };

const series = generateData(new Choices(SEED + 41), "shared");
const storage = storageOf(series);
const engine = new Engine({ maxSteps: 0 });
const missing = ["prometheus", "promtool"].filter((name) => peer(name) === undefined);

describe.skipIf(missing.length > 0)(
  `peer prometheus (missing: ${missing.join() || "none"})`,
  () => {
    const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
    let server: PrometheusServer | undefined;
    let folder = "";

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "narthex-promql-"));
      const lines = series.flatMap(({ metric, points }) => {
        const name = formatSeries(toLabels(metric)).replaceAll('", ', '",');
        return points.map(
          ({ timeMs, value }) =>
            `${name} ${formatFloat(value as number)} ${(timeMs / 1000).toFixed(3)}`,
        );
      });
      const input = join(folder, "input.om");
      writeFileSync(input, `${lines.join("\n")}\n# EOF\n`);
      const data = join(folder, "data");
      execFileSync(peer("promtool")!, ["tsdb", "create-blocks-from", "openmetrics", input, data]);
      server = await startPrometheus({ dataDir: data });
    });

    afterAll(async () => {
      agent.destroy();
      await server?.stop();
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
    });

    test(`${QUERIES} random queries of seed ${SEED} give what Prometheus gives`, async () => {
      const choices = new Choices(SEED);
      const generator = new QueryGenerator(choices);
      const counts = { errors: 0, empty: 0, asked: 0 };
      const compare = async ({ query, times }: Question): Promise<string | undefined> => {
        const wanted = ask(agent, server!.url, { query, times });
        const got = await engineAnswer(engine, storage, query, times);
        const want = await wanted;
        counts.asked++;
        if (typeof want === "string") counts.errors++;
        else if (want.size === 0) counts.empty++;
        const difference = differenceOf(want, got, TOLERANCE);
        if (difference === undefined || times.stepMs === 0 || !SAME_LABELS.test(String(want))) {
          return difference;
        }
        // Series that become alike at different steps were refused then; now they are one.
        for (let timeMs = times.startMs; timeMs <= times.endMs; timeMs += times.stepMs) {
          const step = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
          const problem = await compare({ query, times: step });
          if (problem !== undefined) return problem;
        }
        return undefined;
      };
      const found: string[] = [];
      let left = QUERIES;
      const asker = async (): Promise<void> => {
        while (left-- > 0 && found.length < FINDINGS_MAX) {
          const question = { query: generator.query(3), times: makeTimes(choices) };
          if ((await compare(question)) === undefined) continue;
          const small = await shrink(question, async (q) => (await compare(q)) !== undefined);
          found.push(`${small.query}\n  ${JSON.stringify(small.times)}\n  ${await compare(small)}`);
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, asker));
      expect(found, found.join("\n")).toEqual([]);
      // The test says something only if most queries have an answer.
      expect(counts.errors + counts.empty).toBeLessThan(counts.asked * 0.6 + 10);
    }, 1_200_000);

    test("patterns that are refused are those that Prometheus refuses, for the same reason", async () => {
      const times = { startMs: BASE_SECONDS * 1000, endMs: BASE_SECONDS * 1000, stepMs: 0 };
      const found: string[] = [];
      for (const pattern of PATTERNS) {
        const query = `count({job=~${JSON.stringify(pattern)},__name__="nothing"})`;
        const want = await ask(agent, server!.url, { query, times });
        const got = await engineAnswer(engine, storage, query, times);
        const [given, wanted] = [reasonOf(got), reasonOf(want)];
        if (given !== wanted) found.push(`${pattern}: ${given}, want ${wanted}`);
      }
      expect(found).toEqual([]);
    });
  },
);

/**
 * Left out is what 2.42 reads otherwise for the parentheses that it puts around a pattern, what
 * newer versions of Go took up, and equal names of groups, which we refuse.
 */
const PATTERNS: readonly string[] = [
  ...[
    "(",
    ")",
    "a)",
    "(a",
    "[",
    "[a",
    "[]",
    "[]a]",
    "[^]",
    "[^]a]",
    "a**",
    "a*?",
    "a*??",
    "*a",
    "+",
    "?",
  ],
  ...[
    "a|*",
    "(?i)a",

    "(?z)a",
    "(?P<n>a)",

    "(?P<n",
    "(?P<1>a)",
    "(?P=n)",
  ],
  ...[
    "a{2}",
    "a{,2}",
    "a{2,1}",
    "a{1001}",
    "a{1000}",
    "(a{100}){100}",
    "((a{10}){10}){10}",
    "a{2}{3}",
  ],
  ...[
    "a{",
    "a{1",
    "a{1,",
    "{1}",
    "x{2}?",

    "\\d\\w\\s",
    "\\pL",
    "\\p{Greek}",
    "\\p{Nope}",
  ],
  ...[
    "\\pX",
    "\\Qa.b\\E",

    "\\x41",
    "\\x{10FFFF}",
    "\\x{110000}",
    "\\x4",
    "\\8",
    "\\07",
    "\\_",
  ],
  ...[
    "\\y",
    "\\Z",
    "\\z",
    "\\A",
    "\\b",
    "\\C",
    "\\1",
    "(?=a)",
    "(?!a)",

    "(?>a)",
    "a++",
    "[z-a]",
  ],
  ...[
    "[a-\\d]",
    "[\\d-z]",
    "[[:alpha:]]",
    "[[:nope:]]",
    "[[:alpha:]",
    "[:alpha:]",
    "(?s).(?-s).",
    "(?U)a*",
    "^*",
    "$+",
  ],
  ...[
    "(|a)*",
    "(a|)+",
    "()",
    "(?:)",
    "(?i)(?-i)K",
    "\u00e9+",
    "[\u00e9-\u00ff]",
    "\u{1F600}{2}",
    "\\N{x}",
    "[\\Q]\\E]",
  ],
];

/** What is wrong with a pattern, without the pattern, which 2.42 quotes as it anchored it. */
function reasonOf(answer: Answer): string {
  if (typeof answer !== "string") return "no error";
  return /error parsing regexp: ([^`]*)/.exec(answer)?.[1]?.trim() ?? answer;
}

/** Half a second off, so that no end of a range is where a sample is. */
function makeTimes(choices: Choices): Question["times"] {
  const startMs = (BASE_SECONDS + 300 + Math.floor(choices.next() * 600)) * 1000 + 500;
  const stepMs = choices.pick([0, 30_000, 60_000, 97_000]);
  return { startMs, endMs: startMs + stepMs * Math.floor(1 + choices.next() * 30), stepMs };
}

interface ApiSeries {
  readonly metric: Record<string, string>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

interface ApiAnswer {
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly ApiSeries[] | readonly [number, string];
  };
}

async function ask(agent: Agent, url: string, { query, times }: Question): Promise<Answer> {
  const { startMs, endMs, stepMs } = times;
  const form = new URLSearchParams({ query });
  if (stepMs === 0) form.set("time", String(startMs / 1000));
  else {
    form.set("start", String(startMs / 1000));
    form.set("end", String(endMs / 1000));
    form.set("step", String(stepMs / 1000));
  }
  const path = stepMs === 0 ? "/api/v1/query" : "/api/v1/query_range";
  const body = JSON.parse(await post(agent, url + path, form.toString())) as ApiAnswer;
  if (!body.data) return body.error ?? "";
  const out = new Map<string, Map<number, number>>();
  const result =
    body.data.resultType === "scalar"
      ? [{ metric: {}, value: body.data.result as readonly [number, string] }]
      : (body.data.result as readonly ApiSeries[]);
  for (const one of result) {
    const values = "values" in one && one.values ? one.values : [one.value!];
    const points = values.map(
      ([time, text]) => [Math.round(time * 1000), parseFloatText(text)!] as const,
    );
    out.set(formatSeries(labelsFromObject(one.metric)), new Map(points));
  }
  return out;
}

function post(agent: Agent, url: string, body: string): Promise<string> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
