import { expect, test } from "vitest";
import { Matcher } from "#pkg/labels/mod.ts";
import {
  canonicalLabelBytes,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import { Head } from "./head.ts";
import { beginCut } from "./head-cut.ts";
import { HeadReader } from "./head-read.ts";
import { PushRecords } from "./head-wal.ts";
import { finish } from "./testkit.ts";

const DURATION = 60_000;
const NOW = 100 * DURATION;
const signal = new AbortController().signal;
/** More than one slice of `finishCut`, so that others run while it works. */
const MANY = 5000;

const labelsOf = (i: number): string[] => ["__name__", "m", "i", String(i).padStart(6, "0")];
const matcherOf = (i: number): Matcher[] => [new Matcher("=", "i", String(i).padStart(6, "0"))];

function headOf(series: number, t: number): Head {
  const options = { blockDurationMs: DURATION, outOfOrderWindowMs: NOW, creationGraceMs: 0 };
  const head = new Head(options, new LabelHasher(1, 2));
  for (let i = 0; i < series; i++) {
    const bytes = canonicalLabelBytes(labelsOf(i));
    const ref = head.addSeries(labelsOf(i), bytes, { start: 0, end: bytes.length });
    head.appendSample(ref, t, 0, i, Number.NEGATIVE_INFINITY);
  }
  return head;
}

function push(head: Head, i: number, t: number): number {
  const builder = new WriteRequestBuilder();
  builder.sample(labelsOf(i), t, 0, 1);
  const request = new ScannedRequest();
  const body = builder.view();
  request.scan(body, 0, body.length, head.hasher, head.index);
  const sink = { reject: () => undefined };
  return head.append(request, NOW, { admit: () => undefined }, new PushRecords(), sink);
}

async function count(head: Head, i: number, mint: number, maxt: number): Promise<number> {
  const reader = new HeadReader(head);
  let found = 0;
  const params = { mint, maxt, matchers: matcherOf(i) };
  for await (const batch of reader.selectChunks(params, signal)) found += batch.length;
  return found;
}

test("finishCut keeps a series that gets a sample while it works", async () => {
  const head = headOf(MANY, 10 * DURATION);
  const reader = new HeadReader(head);
  const cut = await beginCut(head, Number.POSITIVE_INFINITY);
  const finished = finish(head, reader, cut, NOW);
  // The first series has been looked at, and found idle.
  expect(push(head, 0, 11 * DURATION)).toBe(1);
  await finished;
  expect(await count(head, 0, 0, NOW)).toBe(1);
  expect(await count(head, 1, 0, NOW)).toBe(0);
  expect(head.liveSeries).toBe(1);
});

test("finishCut leaves mint at the oldest sample that came in while it worked", async () => {
  const head = headOf(MANY, 10 * DURATION);
  push(head, MANY - 1, 20 * DURATION);
  const reader = new HeadReader(head);
  const cut = await beginCut(head, 15 * DURATION);
  const finished = finish(head, reader, cut, 0);
  push(head, 0, 5 * DURATION);
  await finished;
  expect(await count(head, 0, 4 * DURATION, 6 * DURATION)).toBe(1);
});

test("HeadReader.selectChunks answers with no other series in place of one that dies", async () => {
  const head = headOf(MANY, 10 * DURATION);
  const reader = new HeadReader(head);
  await reader.ordered(signal);
  const cut = await beginCut(head, Number.POSITIVE_INFINITY);
  for (let i = 0; i < MANY; i += 2) push(head, i, 11 * DURATION);
  // New ones, so that the ranking is extended while the series die.
  for (let i = MANY; i < 3 * MANY; i++) push(head, i, 10 * DURATION);
  const matchers = [new Matcher("!=", "i", "x")];
  const finished = finish(head, reader, cut, NOW);
  const found: string[] = [];
  const read = (async () => {
    const params = { mint: 0, maxt: NOW, matchers };
    for await (const batch of reader.selectChunks(params, signal)) {
      for (const { labels } of batch) found.push(labels[3]!);
    }
  })();
  await Promise.all([finished, read]);
  expect(new Set(found).size).toBe(found.length);
});

test("HeadReader.ordered waits for a ranking under way, which has taken the rows that are used again", async () => {
  const head = headOf(MANY, 10 * DURATION);
  const reader = new HeadReader(head);
  await reader.ordered(signal);
  // Rows of the first series are given to others, as after a burial.
  for (let i = 0; i < 400; i++) head.reusedRefs.push(i);
  const cut = await beginCut(head, Number.POSITIVE_INFINITY);
  await finish(head, reader, cut, NOW);
  head.rows.release(Array.from({ length: 400 }, (_, i) => 399 - i));
  for (let i = 0; i < 400; i++) push(head, MANY + i, 12 * DURATION);
  const first = reader.ordered(signal);
  const second = reader.ordered(signal);
  expect((await second).length).toBe(400);
  expect((await first).length).toBe(400);
});
