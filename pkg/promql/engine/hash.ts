import type { Labels } from "#pkg/labels/mod.ts";

/**
 * The hash of a label set as a fraction in [0, 1), by which `limit_ratio` picks series: FNV-1a over
 * names and values, mixed to spread sets that differ in little.
 */
export function labelsHashFraction(labels: Labels): number {
  let hash = 0x811c9dc5;
  for (const text of labels) {
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
    hash = Math.imul(hash ^ 0xff, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
