import { compareBytes } from "#pkg/labels/mod.ts";

const CHUNKS = /\d+|\D+/g;

/** Orders texts as people do: runs of digits by their number, `a2` before `a10`. */
export function compareNatural(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.match(CHUNKS) ?? [];
  const right = b.match(CHUNKS) ?? [];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i]!;
    const y = right[i]!;
    const bothNumbers = /^\d/.test(x) && /^\d/.test(y);
    const order = bothNumbers ? Number(x) - Number(y) : compareBytes(x, y);
    if (order !== 0) return order;
  }
  return left.length - right.length || compareBytes(a, b);
}
