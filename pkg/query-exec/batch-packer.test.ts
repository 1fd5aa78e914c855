import fc from "fast-check";
import { expect, test } from "vitest";
import { labelsFromPairs } from "#pkg/labels/mod.ts";
import type { PackedMessage } from "#pkg/query-eval/mod.ts";
import {
  type Chunk,
  type ChunkSeries,
  PackedBatch,
  PackedBatchBuilder,
  sizeOfBatch,
  wholeBatch,
} from "#pkg/storage/mod.ts";
import { BatchPacker, transferOf } from "./batch-packer.ts";

const word = fc.constantFrom("a", "job", "__name__", "up", "日本", "x".repeat(300), "é");
const chunk = fc
  .tuple(fc.nat(255), fc.nat(1e6), fc.nat(1e6), fc.uint8Array({ maxLength: 300 }), fc.nat(3))
  .map(([encoding, mint, span, data, before]): Chunk => {
    const bytes = new Uint8Array(data.length + before);
    bytes.set(data, before);
    return { encoding, mint, maxt: mint + span, bytes, start: before, end: bytes.length };
  });
const batch = fc.array(
  fc.record({
    labels: fc.array(fc.tuple(word, word), { maxLength: 30 }).map(labelsFromPairs),
    chunks: fc.array(chunk, { maxLength: 5 }),
  }),
  { maxLength: 20 },
);

/** The series packed as a head packs them, over a table of strings. */
function packed(series: readonly ChunkSeries[], table: string[]): readonly ChunkSeries[] {
  const builder = new PackedBatchBuilder(2);
  for (const { labels, chunks } of series) {
    const ids = labels.map((text) => {
      if (!table.includes(text)) table.push(text);
      return table.indexOf(text);
    });
    builder.symbols(Uint32Array.from([0, ...ids]), 1, ids.length);
    for (const one of chunks) builder.addChunk(one);
    builder.endSeries();
  }
  return new PackedBatch(builder.finish(), table).series;
}

/** As `packed`, for many series. */
function builtOver(series: readonly ChunkSeries[], table: string[]): readonly ChunkSeries[] {
  const numbers = new Map(table.map((text, number) => [text, number]));
  const builder = new PackedBatchBuilder(series.length);
  for (const { labels } of series) {
    for (const text of labels) {
      if (!numbers.has(text)) numbers.set(text, table.push(text) - 1);
      builder.symbol(numbers.get(text)!);
    }
    builder.endSeries();
  }
  return new PackedBatch(builder.finish(), table).series;
}

function plain(series: readonly ChunkSeries[]): unknown {
  return series.map(({ labels, chunks }) => ({
    labels: [...labels],
    chunks: chunks.map(({ encoding, mint, maxt, bytes, start, end }) => ({
      ...{ encoding, mint, maxt },
      data: [...bytes.subarray(start, end)],
    })),
  }));
}

/** What the thread makes of the messages. */
class Thread {
  #strings: string[] = [];

  receive(message: PackedMessage): readonly ChunkSeries[] {
    const { columns, strings, fresh } = structuredClone(message, {
      transfer: transferOf(message),
    });
    if (fresh) this.#strings = [];
    this.#strings.push(...strings);
    return new PackedBatch(columns, this.#strings).series;
  }
}

test("series come out of a thread as they went in, packed or not", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(batch, fc.nat(2)), { maxLength: 6 }), (batches) => {
      const tables: string[][] = [[], ["of another head", "job"]];
      const packer = new BatchPacker();
      const thread = new Thread();
      for (const [series, how] of batches) {
        const want = plain(series);
        const given = how === 2 ? series : packed(series, tables[how]!);
        expect(plain(given)).toEqual(want);
        const chunks = series.flatMap((one) => one.chunks);
        expect(sizeOfBatch(given)).toEqual({
          chunks: chunks.length,
          bytes: chunks.reduce((sum, { start, end }) => sum + end - start, 0),
        });
        const got: ChunkSeries[] = [];
        for (const message of packer.pack(given)) got.push(...thread.receive(message));
        expect(plain(got)).toEqual(want);
      }
    }),
  );
});

test("a part of a packed batch is no whole one, and is packed anew", () => {
  const series = [0, 1, 2].map((i) => ({ labels: ["i", String(i)], chunks: [] }));
  const all = packed(series, []);
  expect(wholeBatch(all)).toBeDefined();
  expect(wholeBatch(all.slice(1))).toBeUndefined();
  expect(wholeBatch(all.slice())).toBeUndefined();
  const [message] = [...new BatchPacker().pack(all.slice(1))];
  expect(plain(new Thread().receive(message!))).toEqual(plain(series.slice(1)));
});

test("a table of strings that has grown large begins anew; large batches are cut", () => {
  const packer = new BatchPacker();
  const thread = new Thread();
  const fresh: boolean[] = [];
  for (let b = 0; b < 3; b++) {
    const bytes = new Uint8Array(1000);
    const series = Array.from({ length: 700 }, (_, i) => ({
      labels: ["i", `${b}-${i}`],
      chunks: [{ encoding: 1, mint: 1, maxt: 2, bytes, start: 0, end: 1000 }],
    }));
    const got: ChunkSeries[] = [];
    for (const message of packer.pack(series)) {
      fresh.push(message.fresh);
      got.push(...thread.receive(message));
    }
    expect(got.map((one) => one.labels[1])).toEqual(series.map((one) => one.labels[1]));
  }
  const before = fresh.length;
  for (const message of packer.pack([{ labels: ["i", "last"], chunks: [] }])) {
    fresh.push(message.fresh);
    expect(thread.receive(message).map((one) => one.labels)).toEqual([["i", "last"]]);
  }
  expect(fresh.slice(0, before)).toEqual([true, false, false, false, false, false]);
  expect(fresh[before]).toBe(true);
});

test("a table that begins anew numbers packed series and others alike", () => {
  const packer = new BatchPacker();
  const thread = new Thread();
  const table: string[] = [];
  const fresh: boolean[] = [];
  for (let b = 0; b < 9; b++) {
    // Every table has strings of the one before, and ends between packed batches or others.
    const series = Array.from({ length: 700 }, (_, i) => ({
      labels: ["i", `${b >> 1}-${i}`, "job", "j"],
      chunks: [],
    }));
    const given = b % 3 === 2 ? series : builtOver(series, table);
    for (const message of packer.pack(given)) {
      fresh.push(message.fresh);
      const labels = thread.receive(message).map((one) => [...one.labels]);
      expect(labels).toEqual(series.map((one) => one.labels));
    }
  }
  expect(fresh.filter(Boolean).length).toBeGreaterThan(1);
});
