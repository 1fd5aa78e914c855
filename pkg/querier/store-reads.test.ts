import { expect, test } from "vitest";
import { NarthexError } from "#pkg/errs/mod.ts";
import { type Labels, Matcher } from "#pkg/labels/mod.ts";
import type { StoreGatewayApi } from "#pkg/rpc/mod.ts";
import type { ChunkSeries } from "#pkg/storage/mod.ts";
import { StoreReads } from "./store-reads.ts";

const signal = new AbortController().signal;
const params = { mint: 0, maxt: 100, matchers: [new Matcher("=", "__name__", "m")] };

const series = (i: number): ChunkSeries => ({
  labels: ["__name__", "m", "i", String(i)],
  chunks: [],
});

/** A gateway over blocks of ten series each that can break off after some batches. */
function gateway(options: { blocks: readonly string[]; breakAfter?: number; unlisted?: boolean }): {
  api: StoreGatewayApi;
  asked: string[][];
} {
  const asked: string[][] = [];
  const api = {
    async *select(_tenant: string, blocks: readonly string[]) {
      asked.push([...blocks]);
      for (const block of blocks) {
        if (!options.blocks.includes(block))
          throw new NarthexError("not_found", `no block ${block}`);
      }
      for (let i = 0; i < 10; i++) {
        if (i === options.breakAfter) throw new NarthexError("unavailable", "connection lost");
        yield [series(i)];
      }
    },
    async labelNames() {
      return ["__name__", "i"];
    },
    async labelValues(_tenant: string, _blocks: readonly string[], name: string) {
      if (options.breakAfter !== undefined)
        throw new NarthexError("unavailable", "connection lost");
      return [`${name}-value`];
    },
    async blocks() {
      if (options.unlisted) throw new NarthexError("unavailable", "starting");
      return options.blocks.map((id) => ({ id, mint: 0, maxt: 50 }));
    },
    async sync() {},
  };
  return { api, asked };
}

async function select(reads: StoreReads, range = params): Promise<Labels[]> {
  const out: Labels[] = [];
  for await (const batch of reads.querier("t").selectChunks(range, signal)) {
    out.push(...batch.map(({ labels }) => labels));
  }
  return out;
}

const all = Array.from({ length: 10 }, (_, i) => series(i).labels);

test("a gateway that breaks off is followed by another that goes on, nothing lost or twice", async () => {
  for (let breakAfter = 0; breakAfter <= 10; breakAfter++) {
    const broken = gateway({ blocks: ["b1"], breakAfter });
    const whole = gateway({ blocks: ["b1"] });
    const reads = new StoreReads({
      list: () => [
        { id: "one", api: broken.api },
        { id: "two", api: whole.api },
      ],
    });
    expect(await select(reads)).toEqual(all);
    expect(await reads.querier("t").labelValues("i", params, signal)).toEqual(["i-value"]);
  }
});

test("a block that no gateway serves is an error that names it", async () => {
  const one = gateway({ blocks: ["b1"], breakAfter: 3 });
  const two = gateway({ blocks: ["b1"], breakAfter: 5 });
  const list = () => [
    { id: "one", api: one.api },
    { id: "two", api: two.api },
  ];
  await expect(select(new StoreReads({ list }))).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(
      /blocks b1: .*(one|two): connection lost.*(one|two): connection lost/,
    ),
  });
});

test("a gateway that cannot list is made up for; none that can is an error", async () => {
  const deaf = gateway({ blocks: [], unlisted: true });
  const good = gateway({ blocks: ["b1"] });
  const reads = new StoreReads({
    list: () => [
      { id: "a", api: deaf.api },
      { id: "b", api: good.api },
    ],
  });
  expect(await select(reads)).toEqual(all);
  await expect(
    select(new StoreReads({ list: () => [{ id: "a", api: deaf.api }] })),
  ).rejects.toThrow(/list blocks of t: a: starting/);
  await expect(select(new StoreReads({ list: () => [] }))).rejects.toThrow(/no store-gateway/);
});

test("blocks outside the range are not asked for, and blocks are shared out", async () => {
  const blocks = Array.from({ length: 40 }, (_, i) => `block-${i}`);
  const one = gateway({ blocks });
  const two = gateway({ blocks });
  const reads = new StoreReads({
    list: () => [
      { id: "one", api: one.api },
      { id: "two", api: two.api },
    ],
  });
  expect(await select(reads, { ...params, mint: 60 })).toEqual([]);
  expect([...one.asked, ...two.asked]).toEqual([]);
  expect(await select(reads)).toEqual(all);
  expect([...one.asked.flat(), ...two.asked.flat()].sort()).toEqual([...blocks].sort());
  expect(one.asked.flat().length).toBeGreaterThan(8);
  expect(two.asked.flat().length).toBeGreaterThan(8);
});

test("what is the request's own fault is not tried elsewhere", async () => {
  const one = gateway({ blocks: ["b1"] });
  one.api.select = async function* () {
    yield* [];
    throw new NarthexError("execution", "too many series");
  };
  const reads = new StoreReads({
    list: () => [
      { id: "one", api: one.api },
      { id: "two", api: one.api },
    ],
  });
  await expect(select(reads)).rejects.toMatchObject({ code: "execution" });
});
