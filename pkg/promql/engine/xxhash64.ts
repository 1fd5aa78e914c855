// Hot path: 64-bit arithmetic on pairs of uint32 halves, nothing allocated per byte.

const P1_HI = 0x9e3779b1;
const P1_LO = 0x85ebca87;
const P2_HI = 0xc2b2ae3d;
const P2_LO = 0x27d4eb4f;
const P3_HI = 0x165667b1;
const P3_LO = 0x9e3779f9;
const P4_HI = 0x85ebca77;
const P4_LO = 0xc2b2ae63;
const P5_HI = 0x27d4eb2f;
const P5_LO = 0x165667c5;

/** A 64-bit unsigned number that is computed in place; both halves are uint32. */
class Word {
  hi = 0;
  lo = 0;

  set(hi: number, lo: number): void {
    this.hi = hi;
    this.lo = lo;
  }

  add(hi: number, lo: number): void {
    const sum = this.lo + lo;
    this.hi = (this.hi + hi + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    this.lo = sum >>> 0;
  }

  xor(hi: number, lo: number): void {
    this.hi = (this.hi ^ hi) >>> 0;
    this.lo = (this.lo ^ lo) >>> 0;
  }

  mul(hi: number, lo: number): void {
    const a0 = this.lo & 0xffff;
    const a1 = this.lo >>> 16;
    const b0 = lo & 0xffff;
    const b1 = lo >>> 16;
    const p00 = a0 * b0;
    const p01 = a0 * b1;
    const p10 = a1 * b0;
    const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
    const carried = a1 * b1 + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16);
    const cross = Math.imul(this.hi, lo) + Math.imul(this.lo, hi);
    this.lo = ((middle << 16) | (p00 & 0xffff)) >>> 0;
    this.hi = (carried + cross) >>> 0;
  }

  /** Rotates left by 1 to 31 bits. */
  rotate(bits: number): void {
    const { hi, lo } = this;
    this.hi = ((hi << bits) | (lo >>> (32 - bits))) >>> 0;
    this.lo = ((lo << bits) | (hi >>> (32 - bits))) >>> 0;
  }

  /** XORs in the word shifted right by 1 to 63 bits. */
  xorShifted(bits: number): void {
    const { hi, lo } = this;
    if (bits >= 32) this.xor(0, hi >>> (bits - 32));
    else this.xor(hi >>> bits, ((lo >>> bits) | (hi << (32 - bits))) >>> 0);
  }

  /** One round of a lane: takes in 8 bytes; `scratch` is for what comes between. */
  round(hi: number, lo: number, scratch: Word): void {
    scratch.set(hi, lo);
    scratch.mul(P2_HI, P2_LO);
    this.add(scratch.hi, scratch.lo);
    this.rotate(31);
    this.mul(P1_HI, P1_LO);
  }

  /** Takes in the state of a lane, which is lost. */
  mergeLane(lane: Word, scratch: Word): void {
    const { hi, lo } = lane;
    lane.set(0, 0);
    lane.round(hi, lo, scratch);
    this.xor(lane.hi, lane.lo);
    this.mul(P1_HI, P1_LO);
    this.add(P4_HI, P4_LO);
  }
}

/** XXH64 with seed 0 of `bytes[0, length)`, as its two uint32 halves. */
export function xxhash64(bytes: Uint8Array, length: number): { hi: number; lo: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const hash = new Word();
  const scratch = new Word();
  const merged = new Word();
  let at = 0;
  if (length >= 32) at = stripes(view, length, hash);
  else hash.set(P5_HI, P5_LO);
  hash.add(0, length);
  for (; at + 8 <= length; at += 8) {
    merged.set(0, 0);
    merged.round(view.getUint32(at + 4, true), view.getUint32(at, true), scratch);
    hash.xor(merged.hi, merged.lo);
    hash.rotate(27);
    hash.mul(P1_HI, P1_LO);
    hash.add(P4_HI, P4_LO);
  }
  if (at + 4 <= length) {
    merged.set(0, view.getUint32(at, true));
    merged.mul(P1_HI, P1_LO);
    hash.xor(merged.hi, merged.lo);
    hash.rotate(23);
    hash.mul(P2_HI, P2_LO);
    hash.add(P3_HI, P3_LO);
    at += 4;
  }
  for (; at < length; at++) {
    merged.set(0, view.getUint8(at));
    merged.mul(P5_HI, P5_LO);
    hash.xor(merged.hi, merged.lo);
    hash.rotate(11);
    hash.mul(P1_HI, P1_LO);
  }
  hash.xorShifted(33);
  hash.mul(P2_HI, P2_LO);
  hash.xorShifted(29);
  hash.mul(P3_HI, P3_LO);
  hash.xorShifted(32);
  return { hi: hash.hi, lo: hash.lo };
}

/** Hashes the stripes of 32 bytes in four lanes; returns where the rest begins. */
function stripes(view: DataView, length: number, hash: Word): number {
  const lanes = [new Word(), new Word(), new Word(), new Word()] as const;
  lanes[0].set(P1_HI, P1_LO);
  lanes[0].add(P2_HI, P2_LO);
  lanes[1].set(P2_HI, P2_LO);
  // Minus the first prime.
  lanes[3].set(~P1_HI >>> 0, (~P1_LO + 1) >>> 0);
  const scratch = new Word();
  let at = 0;
  for (; at + 32 <= length; at += 32) {
    for (let lane = 0; lane < 4; lane++) {
      const from = at + 8 * lane;
      lanes[lane]!.round(view.getUint32(from + 4, true), view.getUint32(from, true), scratch);
    }
  }
  for (let lane = 0; lane < 4; lane++) {
    const bits = [1, 7, 12, 18][lane]!;
    scratch.set(lanes[lane]!.hi, lanes[lane]!.lo);
    scratch.rotate(bits);
    hash.add(scratch.hi, scratch.lo);
  }
  for (const lane of lanes) hash.mergeLane(lane, scratch);
  return at;
}
