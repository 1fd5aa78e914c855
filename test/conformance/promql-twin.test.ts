import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine } from "#pkg/promql/mod.ts";
import { upstream } from "../peers/peers.ts";
import { Choices } from "../promqltest/choices.ts";
import {
  differenceOf,
  engineAnswer,
  PARSE_ALL,
  type Question,
  shrink,
  storageOf,
  storedIn,
  twinAnswer,
} from "../promqltest/differential.ts";
import { BASE_SECONDS, generateData } from "../promqltest/generated-data.ts";
import { QueryGenerator } from "../promqltest/query-generator.ts";
import { runScript } from "../promqltest/runner.ts";

const SEED = Number(process.env["NARTHEX_SEED"] ?? 1);
const QUERIES = Number(process.env["NARTHEX_QUERIES"] ?? 400);
/** What adding in another order leaves: of values of up to a million, at most this. */
const TOLERANCE = { relative: 1e-12, absolute: 1e-9 };

test.each([
  ["at once", false],
  ["at the end", true],
])(
  `with names dropped %s the engine agrees with its plain twin on ${QUERIES} random queries, seed ${SEED}`,
  async (_, delayedNameRemoval) => {
    const twinOptions = { delayedNameRemoval };
    const choices = new Choices(SEED);
    const storage = storageOf(generateData(new Choices(SEED + 41), "full"));
    const series = await storedIn(storage);
    const generator = new QueryGenerator(choices, "full");
    const options = { parse: PARSE_ALL, maxSteps: 0, features: { delayedNameRemoval } } as const;
    const engine = new Engine({ ...options, rewrite: false });
    const rewriting = new Engine({ ...options, explain: true, statsPerStep: true });
    const counts = { errors: 0, empty: 0, unsupported: 0 };
    const compare = async ({ query, times }: Question): Promise<string | undefined> => {
      const want = twinAnswer(series, { query, times }, twinOptions);
      if (typeof want === "string" && want.startsWith("unsupported")) {
        counts.unsupported++;
        return undefined;
      }
      if (typeof want === "string") counts.errors++;
      else if (want.size === 0) counts.empty++;
      const plain = differenceOf(
        want,
        await engineAnswer(engine, storage, query, times),
        TOLERANCE,
      );
      if (plain !== undefined) return plain;
      const got = await engineAnswer(rewriting, storage, query, times);
      const problem = differenceOf(want, got, TOLERANCE);
      return problem && `rewritten: ${problem}`;
    };
    const found: string[] = [];
    for (let n = 0; n < QUERIES && found.length < 20; n++) {
      const query = generator.query(3);
      const startMs = (BASE_SECONDS + 300 + Math.floor(choices.next() * 40) * 15) * 1000;
      const stepMs = choices.pick([0, 15_000, 60_000, 97_000]);
      const question = { query, times: { startMs, endMs: startMs + stepMs * 12, stepMs } };
      if ((await compare(question)) === undefined) continue;
      const small = await shrink(question, async (q) => (await compare(q)) !== undefined);
      found.push(`${small.query}\n  ${JSON.stringify(small.times)}\n  ${await compare(small)}`);
    }
    expect(found, found.join("\n")).toEqual([]);
    // The test says something only if most queries have an answer.
    expect(counts.unsupported).toBeLessThan(QUERIES / 10 + 1);
    expect(counts.errors + counts.empty).toBeLessThan(QUERIES * 0.6 + 10);
  },
);

const scripts = upstream("promqltest");
const names = scripts ? readdirSync(scripts).filter((name) => name.endsWith(".test")) : [];

/** What the twin leaves to the scripts themselves: start timestamps, and picks by hash. */
const LEFT_OUT = /^unsupported/;

describe(`Prometheus's scripts (upstream: ${scripts ? "found" : "missing"})`, () => {
  test.skipIf(!scripts)("the engine, which passes them, agrees with the twin", async () => {
    const features = { delayedNameRemoval: true };
    const engine = new Engine({ parse: PARSE_ALL, maxSteps: 0, features, rewrite: false });
    const found: string[] = [];
    const counts = { compared: 0, unsupported: 0 };
    for (const name of names) {
      await runScript(readFileSync(join(scripts!, name), "utf8"), async (command, storage) => {
        const { query, isRange, startMs, endMs, stepMs, evalMs, line } = command;
        const times = isRange
          ? { startMs, endMs, stepMs }
          : { startMs: evalMs, endMs: evalMs, stepMs: 0 };
        const want = twinAnswer(await storedIn(storage), { query, times }, features);
        if (typeof want === "string" && LEFT_OUT.test(want)) {
          counts.unsupported++;
          return;
        }
        counts.compared++;
        const got = await engineAnswer(engine, storage, query, times);
        const problem = differenceOf(want, got, TOLERANCE);
        if (problem !== undefined) found.push(`${name}:${line} ${query}\n  ${problem}`);
      });
    }
    expect(found, found.join("\n")).toEqual([]);
    expect(counts.compared).toBeGreaterThan(1400);
    expect(counts.unsupported).toBeLessThan(60);
  });
});
