import fc from "fast-check";
import { expect, test } from "vitest";
import { NarthexError } from "#pkg/errs/mod.ts";
import { bytesAccess, type RandomAccess } from "#pkg/fsutil/mod.ts";
import { budgetedAccess, QueryBudget } from "./budget.ts";
import { cachedAccess } from "./cached-access.ts";
import { ByteLru } from "./lru.ts";

test("ByteLru keeps the most recently used within its bytes", () => {
  const lru = new ByteLru<string>(10);
  lru.set("a/1", "one", 4);
  lru.set("a/2", "two", 4);
  expect(lru.get("a/1")).toBe("one");
  lru.set("b/3", "three", 4);
  expect([lru.get("a/1"), lru.get("a/2"), lru.get("b/3")]).toEqual(["one", undefined, "three"]);
  expect([lru.size, lru.byteLength]).toEqual([2, 8]);
  lru.set("c", "larger than all", 11);
  expect([lru.get("c"), lru.size]).toEqual([undefined, 2]);
  lru.set("a/1", "again", 6);
  expect([lru.get("a/1"), lru.byteLength]).toEqual(["again", 10]);
  lru.deletePrefix("a/");
  expect([lru.size, lru.byteLength]).toEqual([1, 4]);
});

test("ByteLru holds no more than its bytes, whatever is done to it", () => {
  const step = fc.tuple(fc.constantFrom("set", "get", "delete"), fc.nat(9), fc.nat(40));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lru = new ByteLru<number>(100);
      for (const [action, key, bytes] of steps) {
        if (action === "set") lru.set(String(key), key, bytes);
        else if (action === "get") expect([key, undefined]).toContain(lru.get(String(key)));
        else lru.delete(String(key));
        expect(lru.byteLength).toBeLessThanOrEqual(100);
      }
    }),
  );
});

const CONTENT = new Uint8Array(200_000).map((_, i) => (i * 7919) % 251);

test("cachedAccess reads what the object has, each page once while it is held", async () => {
  const range = fc.tuple(fc.nat(CONTENT.length), fc.nat(90_000));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 12 }), fc.boolean(), async (ranges, isSmall) => {
      const inner = bytesAccess("object", CONTENT);
      let read = 0;
      const counted: RandomAccess = {
        ...inner,
        read(offset, length, signal) {
          read += length;
          return inner.read(offset, length, signal);
        },
      };
      const counts = { requested: 0, hit: 0 };
      const cache = new ByteLru<Uint8Array>(isSmall ? 70_000 : 1 << 20);
      const access = cachedAccess(counted, "k", cache, {
        requested: (pages) => (counts.requested += pages),
        hit: (pages) => (counts.hit += pages),
      });
      for (const [offset, wanted] of ranges) {
        const length = Math.min(wanted, CONTENT.length - offset);
        const got = await access.read(offset, length);
        const want = CONTENT.subarray(offset, offset + length);
        expect(Buffer.compare(got, want)).toBe(0);
      }
      if (!isSmall) expect(read).toBeLessThanOrEqual(CONTENT.length);
      expect(counts.hit).toBeLessThanOrEqual(counts.requested);
    }),
    { numRuns: 60 },
  );
});

test("cachedAccess keeps nothing of a read that failed, and refuses ranges outside", async () => {
  let fails = true;
  const inner = bytesAccess("object", CONTENT);
  const flaky: RandomAccess = {
    ...inner,
    async read(offset, length) {
      if (fails) throw new NarthexError("unavailable", "no");
      return inner.read(offset, length);
    },
  };
  const counters = { requested: () => undefined, hit: () => undefined };
  const access = cachedAccess(flaky, "k", new ByteLru(1 << 20), counters);
  await expect(access.read(0, 10)).rejects.toMatchObject({ code: "unavailable" });
  fails = false;
  expect(await access.read(3, 2)).toEqual(CONTENT.subarray(3, 5));
  await expect(access.read(CONTENT.length, 1)).rejects.toMatchObject({ code: "corruption" });
});

test("QueryBudget counts all reads of a query and refuses the one that is too much", async () => {
  const budget = new QueryBudget(100);
  const access = budgetedAccess(bytesAccess("object", CONTENT), budget);
  await access.read(0, 60);
  await access.read(0, 40);
  expect(budget.takenBytes).toBe(100);
  await expect(access.read(0, 1)).rejects.toMatchObject({
    code: "execution",
    detail: { limit: 100, taken: 101 },
  });
  const free = new QueryBudget(0);
  free.take(1e12);
  expect(free.takenBytes).toBe(1e12);
});
