import { expect, test } from "vitest";
import type { ExemplarParams, SeriesExemplars } from "#pkg/exemplar/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import {
  exemplarParamsFromWire,
  exemplarParamsToWire,
  exemplarsFromMessages,
  exemplarsToMessages,
} from "./exemplar-stream.ts";
import { narthex } from "./gen/narthex.js";

test("an answer of any size comes as it went, in messages of bounded size", async () => {
  const one = (i: number) => ({ labels: ["é", `${i}`], value: i / 2, timestamp: -i });
  const answer: SeriesExemplars[] = [
    { labels: ["a", "b"], exemplars: Array.from({ length: 25_000 }, (_, i) => one(i)) },
    { labels: ["a", "c"], exemplars: [{ labels: [], value: Number.NaN, timestamp: 2 ** 52 }] },
  ];
  const { ExemplarsResponse } = narthex;
  let messages = 0;
  const sent = (async function* () {
    for await (const message of exemplarsToMessages(Promise.resolve(answer))) {
      messages++;
      yield ExemplarsResponse.decode(ExemplarsResponse.encode(message).finish());
    }
  })();
  expect(await exemplarsFromMessages(sent)).toEqual(answer);
  expect(messages).toBe(3);
});

test("what is asked for comes as it went", () => {
  const matcherSets = [
    [newMatcher("=", "__name__", "m"), newMatcher("!~", "a", "b.*")],
    [newMatcher("!=", "x", "")],
  ];
  const params: ExemplarParams = { mint: Number.NEGATIVE_INFINITY, maxt: 5.5, matcherSets };
  const { ExemplarsRequest } = narthex;
  const bytes = ExemplarsRequest.encode(exemplarParamsToWire(params)).finish();
  const got = exemplarParamsFromWire(ExemplarsRequest.decode(bytes));
  expect([got.mint, got.maxt]).toEqual([params.mint, params.maxt]);
  expect(got.matcherSets.map((set) => set.map(String))).toEqual(
    matcherSets.map((set) => set.map(String)),
  );
});
