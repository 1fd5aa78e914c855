import { Pacer, yieldNow } from "#pkg/async/mod.ts";
import { compareBytes } from "#pkg/labels/mod.ts";

/** Strings sorted in one go; about a millisecond. */
const RUN = 1024;

/**
 * Sorts strings in byte order, as `sort(compareBytes)` does, without keeping the event loop busy
 * for long: a million symbols take a second or two. Returns a new array.
 */
export async function sortSymbols(strings: Iterable<string>): Promise<string[]> {
  let source = [...strings];
  let target = new Array<string>(source.length);
  const pacer = new Pacer();
  for (let at = 0; at < source.length; at += RUN) {
    const run = source.slice(at, at + RUN).sort(compareBytes);
    for (let i = 0; i < run.length; i++) source[at + i] = run[i]!;
    await yieldNow();
  }
  for (let width = RUN; width < source.length; width *= 2) {
    for (let low = 0; low < source.length; low += 2 * width) {
      const middle = Math.min(low + width, source.length);
      const high = Math.min(low + 2 * width, source.length);
      for (let out = low, i = low, j = middle; out < high; out++) {
        const takesLeft = j >= high || (i < middle && compareBytes(source[i]!, source[j]!) <= 0);
        target[out] = takesLeft ? source[i++]! : source[j++]!;
        if (pacer.due()) await pacer.yield();
      }
    }
    [source, target] = [target, source];
  }
  return source;
}
