/** Bytes of an XOR chunk that holds one sample, at `timestamp` (ms, a whole number below 2^53). */
export function xorSingleBytes(timestamp: number): number {
  // Zigzag: twice the magnitude, one less for negative times.
  let rest = timestamp >= 0 ? timestamp * 2 : -timestamp * 2 - 1;
  let bytes = 1;
  while (rest >= 128) {
    rest = Math.floor(rest / 128);
    bytes++;
  }
  return 2 + bytes + 8;
}

/** Writes the XOR chunk of one sample to `into` at `at`; `lo` and `hi` are the value's halves. */
export function encodeXorSingle(
  timestamp: number,
  lo: number,
  hi: number,
  into: Uint8Array,
  at: number,
): void {
  let to = at;
  into[to++] = 0;
  into[to++] = 1;
  let rest = timestamp >= 0 ? timestamp * 2 : -timestamp * 2 - 1;
  while (rest >= 128) {
    into[to++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  into[to++] = rest;
  for (let shift = 24; shift >= 0; shift -= 8) into[to++] = hi >>> shift;
  for (let shift = 24; shift >= 0; shift -= 8) into[to++] = lo >>> shift;
}
