import type { SampleColumns } from "#pkg/storage/mod.ts";
import { BitReader } from "./bit-reader.ts";
import { XorValues } from "./xor-values.ts";

/** Bits of a difference of deltas by the number of leading ones; none takes fewer than one. */
const TIME_BITS: readonly number[] = [0, 14, 17, 20, 64];

/**
 * As `decodeXor`, but times may repeat, as they do at the ends of Thanos's counter chunks; and slower.
 * Errors: `corruption`, also where times descend; `into` is then as it was.
 */
export function decodeXorRepeating(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: SampleColumns,
  path: string,
): void {
  const before = into.length;
  const reader = new BitReader(bytes, start, end, path);
  const count = reader.bits(16);
  if (count * 2 > reader.left) reader.fail(`want ${count} samples, got ${end - start} bytes`);
  const value = new XorValues(1, false);
  let t = 0;
  let delta = 0;
  try {
    for (let i = 0; i < count; i++) {
      if (i === 0) {
        t = reader.varint();
        value.readPlain(0, reader);
      } else {
        delta = i === 1 ? reader.uvarint() : delta + readTime(reader);
        t += delta;
        value.read(0, reader);
      }
      if (!(delta >= 0 && Number.isSafeInteger(t))) reader.fail("time is out of order");
      into.reserve(into.length + 1);
      into.timestamps[into.length] = t;
      into.bits[2 * into.length] = value.bits[0]!;
      into.bits[2 * into.length + 1] = value.bits[1]!;
      into.length++;
    }
  } catch (error) {
    into.truncate(before);
    throw error;
  }
}

function readTime(from: BitReader): number {
  let ones = 0;
  while (ones < TIME_BITS.length - 1 && from.bit() === 1) ones++;
  const size = TIME_BITS[ones]!;
  if (size === 0) return 0;
  if (size === 64) {
    from.read64();
    return (from.hi | 0) * 0x100000000 + from.lo;
  }
  const value = from.bits(size);
  return value > 2 ** (size - 1) ? value - 2 ** size : value;
}
