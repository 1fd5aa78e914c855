import { randomFillSync } from "node:crypto";

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** The machine's randomness; the only place that reads it. */
export const systemRandom: Random = () => {
  const words = randomFillSync(new Uint32Array(2));
  return ((words[0]! >>> 5) * 2 ** 26 + (words[1]! >>> 6)) / 2 ** 53;
};

/** A random 32-bit integer, for seeds of hash tables. */
export function randomSeed(): number {
  return randomFillSync(new Int32Array(1))[0]!;
}

/** A repeatable sequence for tests and benchmarks (xorshift128 over a mixed seed). */
export function seededRandom(seed: number): Random {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  let y = Math.imul(seed ^ 0x7f4a7c15, 0xc2b2ae35) | 1;
  let z = seed ^ 0x2545f491;
  let w = 0x6c078965;
  const next = (): number => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return () => next() / 2 ** 32;
}
