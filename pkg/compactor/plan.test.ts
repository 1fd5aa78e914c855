import { describe, expect, it } from "vitest";
import { newBlockId } from "#pkg/block/mod.ts";
import { type PlanBlock, planCompactions, supersededBlocks } from "./plan.ts";

const HOUR_MS = 3_600_000;
/** A border of 24 h windows. */
const DAY = Math.floor(1_700_000_000_000 / (24 * HOUR_MS)) * 24 * HOUR_MS;
const NOW = DAY + 30 * 24 * HOUR_MS;

/** Blocks as `name from-to [level] [labels]`, hours behind `DAY`. */
function blocksOf(text: string, more: Partial<PlanBlock> = {}): Map<string, PlanBlock> {
  const out = new Map<string, PlanBlock>();
  for (const [i, part] of text.split(",").entries()) {
    const [name = "", span = "", level = "1", labels = "{}"] = part.trim().split(" ");
    const [from = "0", to = "0"] = span.split("-");
    out.set(name, {
      id: newBlockId(NOW - 50 * HOUR_MS + i, () => 0.5),
      minTime: DAY + Number(from) * HOUR_MS,
      maxTime: DAY + Number(to) * HOUR_MS,
      level: Number(level),
      labels,
      resolution: 0,
      indexBytes: 1,
      bytes: 10,
      parents: [],
      ...more,
    });
  }
  return out;
}

const OPTIONS = {
  rangesMs: [2 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS],
  nowMs: NOW,
  consistencyDelayMs: HOUR_MS,
  bytesMax: 0,
};

/** Plans as `reason a+b`, sorted as they come. */
function planned(blocks: Map<string, PlanBlock>, more: Partial<typeof OPTIONS> = {}): string[] {
  const names = new Map([...blocks].map(([name, { id }]) => [id, name]));
  const { plans } = planCompactions([...blocks.values()], { ...OPTIONS, ...more });
  return plans.map(
    ({ reason, blocks: own }) => `${reason} ${own.map(({ id }) => names.get(id)).join("+")}`,
  );
}

describe("planCompactions", () => {
  const f = (what: string, text: string, ...want: string[]): void =>
    it(what, () => expect(planned(blocksOf(text))).toEqual(want));

  f("leaves one block alone, at each size", "a 0-2, b 24-36 2, c 48-72 3");
  f("merges replicas of one window", "a 0-2, b 0-2, c 0-2", "vertical a+b+c");
  f("merges small blocks of one window", "a 0-1, b 1-2", "horizontal a+b");
  f("makes 12 h of 2 h", "a 0-2, b 2-4, c 4-6, d 10-12", "horizontal a+b+c+d");
  f("makes 24 h of two 12 h", "a 0-12 2, b 12-24 2", "horizontal a+b");
  f("skips 12 h where only two days' halves are", "a 0-2, b 12-14", "horizontal a+b");
  f(
    "merges replicas before their neighbours",
    "a 0-2, b 0-2, c 2-4, d 4-6",
    "vertical a+b",
    "horizontal c+d",
  );
  f("merges a late block into the whole day", "a 0-24 3, late 6-8", "vertical a+late");
  f("merges a late block into 12 h", "a 0-12 2, late 6-8, b 12-24 2", "vertical a+late");
  f("plans several windows", "a 0-2, b 0-2, c 12-14, d 12-14", "vertical a+b", "vertical c+d");
  f("never mixes labels", "a 0-2 1 {x}, b 0-2 1 {y}, c 0-2 1 {x}", "vertical a+c");
  f("never mixes shards of Mimir", "a 0-2 1 1_of_2, b 0-2 1 2_of_2");
  f("merges a block across a border with what lies in it", "a 18-36, b 20-22", "vertical a+b");
  f("does not chain blocks across borders without end", "a 0-23, b 20-44, c 40-60");
  f("leaves blocks that only touch across borders", "a 6-14, b 14-30");

  it("waits until the window is over, and its blocks have settled", () => {
    const blocks = blocksOf("a 0-2, b 0-2");
    const end = DAY + 2 * HOUR_MS;
    expect(planned(blocks, { nowMs: end - 1, consistencyDelayMs: 0 })).toEqual([]);
    const [a, b] = [...blocks.values()] as [PlanBlock, PlanBlock];
    const young = new Map([
      ["a", a],
      ["b", { ...b, id: newBlockId(NOW - HOUR_MS + 1, () => 0.5) }],
    ]);
    expect(planned(young)).toEqual([]);
    expect(planned(young, { nowMs: NOW + 1 })).toEqual(["vertical a+b"]);
  });

  it("waits for the last block of a window, for a while", () => {
    const blocks = blocksOf("a 0-2, b 2-4");
    const end = DAY + 12 * HOUR_MS;
    const at = (nowMs: number): string[] => planned(blocks, { nowMs, consistencyDelayMs: -1e12 });
    expect(at(end + HOUR_MS)).toEqual([]);
    expect(at(end + 4 * HOUR_MS)).toEqual(["horizontal a+b"]);
    const next = blocksOf("a 0-2, b 2-4, c 10-12, d 12-14");
    const soon = { nowMs: end + HOUR_MS, consistencyDelayMs: -1e12 };
    expect(planned(next, soon)).toEqual(["horizontal a+b+c"]);
  });

  it("does not take replicas that still wait into a larger window", () => {
    const blocks = blocksOf("a 0-2, b 0-2, c 2-4");
    const b = blocks.get("b") as PlanBlock;
    blocks.set("b", { ...b, id: newBlockId(NOW - 1, () => 0.5) });
    expect(planned(blocks)).toEqual([]);
  });

  it("leaves downsampled blocks alone", () => {
    expect(planned(blocksOf("a 0-2, b 0-2", { resolution: 300_000 }))).toEqual([]);
  });

  it("names what limits forbid", () => {
    const big = blocksOf("a 0-2, b 0-2", { indexBytes: 2 ** 35 + 1 });
    const { plans, refused } = planCompactions([...big.values()], OPTIONS);
    expect(plans).toEqual([]);
    expect(refused).toEqual([{ blocks: [...big.values()].map((b) => b.id), limit: "index_size" }]);
    const many = [...blocksOf("a 0-2, b 0-2").values()];
    const { refused: bytes } = planCompactions(many, { ...OPTIONS, bytesMax: 19 });
    expect(bytes.map(({ limit }) => limit)).toEqual(["bytes"]);
  });

  it("comes to rest, with one block a day, whatever it begins with", () => {
    let blocks = [...blocksOf("a 0-2, b 0-2, c 2-4, d 3-4, e 4-12, f 12-24, g 13-14").values()];
    for (let pass = 0; pass < 10; pass++) {
      const { plans } = planCompactions(blocks, OPTIONS);
      if (plans.length === 0) break;
      for (const plan of plans) {
        const used = new Set(plan.blocks.map(({ id }) => id));
        blocks = blocks.filter(({ id }) => !used.has(id));
        const { minTime, maxTime } = plan;
        const id = newBlockId(NOW - 2 * HOUR_MS + blocks.length, () => 0.5);
        blocks.push({ ...plan.blocks[0]!, id, minTime, maxTime, level: 2 });
      }
    }
    expect(blocks.map(({ minTime, maxTime }) => [minTime - DAY, maxTime - DAY])).toEqual([
      [0, 24 * HOUR_MS],
    ]);
  });
});

describe("supersededBlocks", () => {
  it("names the parents of usable blocks, and nothing else", () => {
    const [a, b, c] = [...blocksOf("a 0-2, b 0-2, c 2-4").values()] as [
      PlanBlock,
      PlanBlock,
      PlanBlock,
    ];
    const made = { ...a, id: newBlockId(NOW, () => 0.1), parents: [a.id, b.id] };
    const all = [a, b, c, made];
    expect(supersededBlocks(all, () => true)).toEqual([a.id, b.id]);
    expect(supersededBlocks(all, (id) => id !== made.id)).toEqual([]);
    const own = { ...c, parents: [c.id] };
    expect(supersededBlocks([own], () => true)).toEqual([]);
  });
});
