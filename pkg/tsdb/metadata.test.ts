import { expect, test } from "vitest";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { encodeMetadata } from "#pkg/remotewrite/mod.ts";
import { MetadataStore } from "./metadata.ts";

function update(store: MetadataStore, metric: string, help: string): boolean {
  const out = new ByteWriter(64);
  encodeMetadata({ metric, type: "gauge", help, unit: "" }, out);
  return store.update(out.bytes, 0, out.length);
}

test("MetadataStore keeps a bounded number of entries of bounded size", () => {
  const store = new MetadataStore(2);
  expect(update(store, "a", "x".repeat(1_000_000))).toBe(false);
  expect(update(store, "a", "help")).toBe(true);
  expect(update(store, "a", "help")).toBe(false);
  expect(update(store, "a", "other")).toBe(true);
  expect(update(store, "b", "help")).toBe(true);
  expect(update(store, "c", "help")).toBe(false);
  expect(store.list().map(({ metric, help }) => `${metric}: ${help}`)).toEqual([
    "a: other",
    "b: help",
  ]);
});
