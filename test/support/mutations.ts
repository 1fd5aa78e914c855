import type { Random } from "#pkg/prng/mod.ts";

/** What a case did to a file: for messages. */
export interface Mutation {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Changes a copy of the bytes at about `at`. */
type Operator = (bytes: Uint8Array, at: number, random: () => number) => Uint8Array;

const OPERATORS: Readonly<Record<string, Operator>> = {
  flipBit: overwrite((byte, random) => byte ^ (1 << Math.floor(random() * 8)), 1),
  setByte: overwrite((_, random) => [0, 1, 0x7f, 0x80, 0xff][Math.floor(random() * 5)]!, 1),
  anyByte: overwrite((_, random) => Math.floor(random() * 256), 1),
  zeroFill: overwrite(() => 0, 32),
  randomFill: overwrite((_, random) => Math.floor(random() * 256), 16),
  hugeLength: patch([
    [0xff, 0xff, 0xff, 0xff],
    [0x7f, 0xff, 0xff, 0xff],
    [0x10, 0, 0, 0],
  ]),
  hugeVarint: patch([
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ]),
  truncate: (bytes, at) => bytes.slice(0, at),
  extend: (bytes, _, random) => {
    const count = 1 + Math.floor(random() * 64);
    const isZero = random() < 0.5;
    const more = Array.from({ length: count }, () => (isZero ? 0 : Math.floor(random() * 256)));
    return Uint8Array.of(...bytes, ...more);
  },
  swapBytes: (bytes, at, random) => {
    const out = bytes.slice();
    const other = Math.floor(random() * bytes.length);
    [out[at], out[other]] = [out[other]!, out[at]!];
    return out;
  },
  swapRanges: (bytes, at, random) => {
    const out = bytes.slice();
    const count = Math.min(1 + Math.floor(random() * 64), bytes.length - at);
    const other = Math.floor(random() * (bytes.length - count + 1));
    out.set(bytes.subarray(other, other + count), at);
    out.set(bytes.subarray(at, at + count), other);
    return out;
  },
  dropRange: (bytes, at, random) => {
    const count = 1 + Math.floor(random() * 8);
    return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + count));
  },
  repeatRange: (bytes, at, random) => {
    const count = 1 + Math.floor(random() * 8);
    return Uint8Array.of(...bytes.subarray(0, at + count), ...bytes.subarray(at));
  },
};

/** Replaces up to `countMax` bytes, each by what `change` makes of it. */
function overwrite(change: (byte: number, random: () => number) => number, countMax: number) {
  return (bytes: Uint8Array, at: number, random: () => number): Uint8Array => {
    const out = bytes.slice();
    const end = Math.min(out.length, at + 1 + Math.floor(random() * countMax));
    for (let i = at; i < end; i++) out[i] = change(out[i]!, random);
    return out;
  };
}

/** Writes one of some byte strings over what is there. */
function patch(strings: readonly (readonly number[])[]): Operator {
  return (bytes, at, random) => {
    const out = bytes.slice();
    const string = strings[Math.floor(random() * strings.length)]!;
    out.set(string.slice(0, out.length - at), at);
    return out;
  };
}

/**
 * `count` mutations of `bytes`, each by one operator. The place goes round over all bytes, so that with
 * a count above the length every byte is changed.
 */
export function* mutations(bytes: Uint8Array, count: number, random: Random): Generator<Mutation> {
  const names = Object.keys(OPERATORS);
  // A Buffer would give views where an array gives copies.
  const original = Uint8Array.from(bytes);
  // A step that has no factor in common with the length visits every byte.
  const step = coprimeStep(bytes.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    at = (at + step) % bytes.length;
    const name = names[Math.floor(random() * names.length)]!;
    yield { name: `${name} at ${at}`, bytes: OPERATORS[name]!(original, at, random) };
  }
}

function coprimeStep(length: number): number {
  for (const prime of [7919, 104_729, 1_299_709]) if (length % prime !== 0) return prime;
  return 1;
}
