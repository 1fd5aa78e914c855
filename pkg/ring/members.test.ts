import { expect, test } from "vitest";
import type { InstanceEntry } from "./instance.ts";
import { decodeEntry, encodeEntry } from "./instance.ts";
import { Members } from "./members.ts";

const entry = (
  id: string,
  heartbeat: number,
  more: Partial<InstanceEntry> = {},
): InstanceEntry => ({
  id,
  address: `${id}:1`,
  zone: "",
  state: "ACTIVE",
  heartbeat,
  registered: 0,
  incarnation: "x",
  fresh: false,
  ...more,
});

const options = { timeoutMs: 60, outageMs: 5 };

function alive(members: Members): string {
  return members
    .list()
    .map((m) => (m.alive ? m.entry.id : `(${m.entry.id})`))
    .join(" ");
}

test("Members: a lease without progress runs out, whatever the clocks say", () => {
  const members = new Members(options);
  // The other clock is an hour ahead: its heartbeats still only count when they move.
  for (let t = 0; t <= 100; t += 5) {
    members.update([entry("a", 3_600_000), entry("b", 3_600_000 + t)], t, t);
  }
  expect(alive(members)).toBe("(a) b");
  members.update([entry("a", 3_600_001), entry("b", 3_600_100)], 105, 105);
  expect(alive(members)).toBe("a b");
});

test("Members: an entry seen for the first time is judged by its own time", () => {
  const members = new Members(options);
  members.update([entry("old", 900), entry("new", 990), entry("ahead", 5000)], 0, 1000);
  expect(alive(members)).toBe("ahead new (old)");
});

test("Members: a step of this process's wall clock changes nothing", () => {
  const members = new Members(options);
  members.update([entry("a", 1000)], 0, 1000);
  members.update([entry("a", 1000)], 5, 9_000_000);
  expect(alive(members)).toBe("a");
});

test("Members: time without the store does not count", () => {
  const members = new Members(options);
  members.update([entry("a", 0), entry("b", 0)], 0, 0);
  members.update([entry("a", 0), entry("b", 0)], 5, 5);
  members.update([entry("a", 0), entry("b", 0)], 1005, 1005);
  expect(alive(members)).toBe("a b");
  // b does not come back to life: from now on its silence counts.
  for (let t = 1010; t <= 1100; t += 5) members.update([entry("a", t), entry("b", 0)], t, t);
  expect(alive(members)).toBe("a (b)");
});

test("Members: a store that comes back empty takes nobody away who registers again", () => {
  const members = new Members(options);
  members.update([entry("a", 0), entry("b", 0)], 0, 0);
  members.update([], 1000, 1000);
  expect(alive(members)).toBe("a b");
  members.update([entry("a", 1004)], 1005, 1005);
  expect(alive(members)).toBe("a b");
  for (let t = 1010; t <= 1070; t += 5) members.update([entry("a", t)], t, t);
  expect(alive(members)).toBe("a");
});

test("Members: an entry that is gone after LEFT is gone at once", () => {
  const members = new Members(options);
  members.update([entry("a", 0), entry("b", 0, { state: "LEFT" })], 0, 0);
  members.update([entry("a", 5)], 5, 5);
  expect(alive(members)).toBe("a");
});

test("decodeEntry reads what encodeEntry wrote and nothing else", () => {
  const one = entry("a-1.x:2", 5, { zone: "z", state: "READONLY", fresh: true });
  expect(decodeEntry(encodeEntry(one))).toEqual(one);
  for (const bad of ["", "null", "[]", "3", "{}", '{"id":"a"}']) {
    expect(decodeEntry(bad), bad).toBeUndefined();
  }
  for (const change of [{ id: "a b" }, { state: "GONE" }, { heartbeat: "5" }, { zone: null }]) {
    expect(decodeEntry(JSON.stringify({ ...one, ...change }))).toBeUndefined();
  }
});
