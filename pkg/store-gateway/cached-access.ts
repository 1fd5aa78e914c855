import { checkRange, type RandomAccess } from "#pkg/fsutil/mod.ts";
import type { ByteLru } from "./lru.ts";

/** What is cached at once, and aligned to. */
const PAGE_BYTES = 32 << 10;
/** A longer read goes past the cache: it would drive out everything else. */
const CACHED_READ_BYTES_MAX = 8 << 20;

/** Counts what the page cache is asked for. */
export interface PageCounters {
  /** Pages asked for. */
  requested(pages: number): void;
  /** Pages that were there. */
  hit(pages: number): void;
}

/**
 * `inner` behind a cache of pages. `key` names the object among all that share the cache. Missing
 * pages that lie side by side are read at once.
 */
export function cachedAccess(
  inner: RandomAccess,
  key: string,
  cache: ByteLru<Uint8Array>,
  counters: PageCounters,
): RandomAccess {
  const pageKey = (page: number): string => `${key}#${page}`;
  const access: RandomAccess = {
    path: inner.path,
    size: inner.size,
    async read(offset, length, signal) {
      checkRange(access, offset, length);
      if (length === 0) return new Uint8Array(0);
      if (length > CACHED_READ_BYTES_MAX) return inner.read(offset, length, signal);
      const first = Math.floor(offset / PAGE_BYTES);
      const last = Math.floor((offset + length - 1) / PAGE_BYTES);
      const pages: (Uint8Array | undefined)[] = [];
      let missing = 0;
      for (let page = first; page <= last; page++) {
        const found = cache.get(pageKey(page));
        if (!found) missing++;
        pages.push(found);
      }
      counters.requested(pages.length);
      counters.hit(pages.length - missing);
      if (missing > 0) await fill(first, pages, signal);
      return slice(pages, offset - first * PAGE_BYTES, length);
    },
  };

  /** Reads the pages that are missing, one run at a time, and keeps copies of them. */
  async function fill(
    first: number,
    pages: (Uint8Array | undefined)[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const runs: Promise<void>[] = [];
    for (let i = 0; i < pages.length; ) {
      if (pages[i]) {
        i++;
        continue;
      }
      let end = i + 1;
      while (end < pages.length && !pages[end]) end++;
      runs.push(fillRun(first, pages, i, end, signal));
      i = end;
    }
    await Promise.all(runs);
  }

  async function fillRun(
    first: number,
    pages: (Uint8Array | undefined)[],
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const start = (first + from) * PAGE_BYTES;
    const end = Math.min((first + to) * PAGE_BYTES, inner.size);
    const bytes = await inner.read(start, end - start, signal);
    for (let i = from; i < to; i++) {
      const at = (i - from) * PAGE_BYTES;
      // A copy, or a kept page would hold on to the whole run.
      const page = new Uint8Array(bytes.subarray(at, Math.min(at + PAGE_BYTES, bytes.length)));
      pages[i] = page;
      cache.set(pageKey(first + i), page, page.length + 100);
    }
  }

  return access;
}

function slice(
  pages: readonly (Uint8Array | undefined)[],
  offset: number,
  length: number,
): Uint8Array {
  if (pages.length === 1) return pages[0]!.subarray(offset, offset + length);
  const out = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < pages.length; i++) {
    const page = pages[i]!;
    const from = i === 0 ? offset : 0;
    const part = page.subarray(from, Math.min(page.length, from + length - at));
    out.set(part, at);
    at += part.length;
  }
  return out;
}
