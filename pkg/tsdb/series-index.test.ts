import fc from "fast-check";
import { expect, test } from "vitest";
import { LabelHasher } from "#pkg/remotewrite/mod.ts";
import { SeriesIndex } from "./series-index.ts";

/** A body that holds many label sets one after the other, and where each is. */
function bodyOf(texts: readonly Uint8Array[]): { view: DataView; bytes: Uint8Array; at: number[] } {
  const at = [0];
  for (const text of texts) at.push(at.at(-1)! + text.length);
  const bytes = new Uint8Array(at.at(-1)!);
  for (const [i, text] of texts.entries()) bytes.set(text, at[i]);
  return { bytes, view: new DataView(bytes.buffer), at };
}

const textOf = (i: number): Uint8Array =>
  Buffer.from(`\n\x20series number ${i}${"/x".repeat(i % 23)}`);

/** A hash of few values, so that many series meet in one bucket. */
class WeakHasher extends LabelHasher {
  override hash(view: DataView, start: number, end: number): void {
    super.hash(view, start, end);
    this.lo &= 7;
    this.hi &= 0xf0000003 | 0;
  }
}

test("SeriesIndex finds, follows and forgets as a map would", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.nat(9)), { maxLength: 200 }),
      (isWeak, steps) => {
        const hasher = isWeak ? new WeakHasher() : new LabelHasher();
        const index = new SeriesIndex();
        const twin = new Map<number, { ref: number; entry: number }>();
        let next = 0;
        const { view, bytes, at } = bodyOf(Array.from({ length: 61 }, (_, i) => textOf(i)));
        for (const [i, what] of steps) {
          const [start, end] = [at[i]!, at[i + 1]!];
          const known = twin.get(i);
          if (what === 9) index.restart();
          if (what === 8 && known !== undefined) {
            index.remove(known.entry);
            twin.delete(i);
            continue;
          }
          const length = index.follow(view, start, bytes.length);
          if (length > 0) {
            expect({ ref: index.ref, length }).toEqual({ ref: known?.ref, length: end - start });
            continue;
          }
          hasher.hash(view, start, end);
          const found = index.find(hasher, view, start, end);
          expect(found).toBe(known?.ref ?? -1);
          if (found >= 0) continue;
          const entry = index.add(hasher, bytes, { start, end }, next);
          twin.set(i, { ref: next++, entry });
        }
        expect(index.count).toBe(twin.size);
      },
    ),
    { numRuns: 300 },
  );
});

test("SeriesIndex holds many series in split buckets, and all spellings of one go with it", () => {
  const hasher = new LabelHasher();
  const index = new SeriesIndex();
  const count = 30_000;
  const { view, bytes, at } = bodyOf(Array.from({ length: count }, (_, i) => textOf(i)));
  const entries: number[] = [];
  for (let i = 0; i < count; i++) {
    const range = { start: at[i]!, end: at[i + 1]! };
    hasher.hash(view, range.start, range.end);
    // Two spellings of each series.
    const more = i % 2 === 1 ? entries[i - 1]! : -1;
    entries.push(index.add(hasher, bytes, range, i >> 1, more));
  }
  const find = (i: number): number => {
    hasher.hash(view, at[i]!, at[i + 1]!);
    return index.find(hasher, view, at[i]!, at[i + 1]!);
  };
  for (let i = 0; i < count; i++) expect(find(i)).toBe(i >> 1);
  // In the same order again: all but the first follow.
  index.restart();
  expect(find(0)).toBe(0);
  for (let i = 1; i < count; i++) {
    expect(index.follow(view, at[i]!, bytes.length)).toBe(at[i + 1]! - at[i]!);
    expect(index.ref).toBe(i >> 1);
  }
  for (let i = 1; i < count; i += 4) index.remove(entries[i]!);
  for (let i = 0; i < count; i++) expect(find(i)).toBe(i % 4 < 2 ? -1 : i >> 1);
  expect(index.count).toBe(count / 2);
});

test("SeriesIndex.follow tells label bytes apart that are equal as doubles", () => {
  const hasher = new LabelHasher();
  const index = new SeriesIndex();
  const zeros = new Uint8Array(40);
  const minus = Uint8Array.from(zeros);
  minus[7] = 0x80;
  const { view, bytes } = bodyOf([textOf(1), zeros, textOf(1), minus]);
  const first = textOf(1).length;
  hasher.hash(view, 0, first);
  index.add(hasher, bytes, { start: 0, end: first }, 0);
  hasher.hash(view, first, first + 40);
  index.add(hasher, bytes, { start: first, end: first + 40 }, 1);
  hasher.hash(view, 0, first);
  expect(index.find(hasher, view, 0, first)).toBe(0);
  expect(index.follow(view, first, bytes.length)).toBe(40);
  hasher.hash(view, 0, first);
  expect(index.find(hasher, view, 0, first)).toBe(0);
  expect(index.follow(view, 2 * first + 40, bytes.length)).toBe(0);
});
