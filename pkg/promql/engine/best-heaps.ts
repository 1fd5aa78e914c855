// Hot path: the best few values of each step, offered one after the other.

/** What `offer` says where the value was not taken, and where it was without another giving way. */
export const Offer = { refused: -2, taken: -1 } as const;

const FIRST_CAPACITY = 4;

/** Of each step the best few values, with who had them. NaN is worse than anything. */
export class BestHeaps {
  readonly #sign: 1 | -1;
  readonly #steps: number;
  readonly #sizes: Int32Array;
  /** Room per step; grows as it is needed. */
  #room = 0;
  #values = new Float64Array(0);
  #members = new Int32Array(0);

  /** @param sign 1 to keep the largest, -1 to keep the smallest. */
  constructor(steps: number, sign: 1 | -1) {
    this.#sign = sign;
    this.#steps = steps;
    this.#sizes = new Int32Array(steps);
  }

  /** Entries there is room for, over all steps. */
  get capacity(): number {
    return this.#values.length;
  }

  /**
   * Offers the value that `member` has at step `i`, of which `wanted` are kept.
   * @returns a value of `Offer`, or the member that gives way for it.
   */
  offer(i: number, wanted: number, { value, member }: { value: number; member: number }): number {
    const size = this.#sizes[i]!;
    if (size < wanted) {
      if (size === this.#room) this.#grow();
      const at = i * this.#room + size;
      this.#values[at] = value;
      this.#members[at] = member;
      this.#sizes[i] = size + 1;
      this.#up(i, size);
      return Offer.taken;
    }
    if (wanted < 1) return Offer.refused;
    const root = i * this.#room;
    const worst = this.#values[root]!;
    const better = this.#sign > 0 ? worst < value : worst > value;
    if (!better && !(Number.isNaN(worst) && !Number.isNaN(value))) return Offer.refused;
    const evicted = this.#members[root]!;
    this.#values[root] = value;
    this.#members[root] = member;
    this.#down(i);
    return evicted;
  }

  /** Who is kept at step `i`, in no order. */
  members(i: number): Int32Array {
    return this.#members.subarray(i * this.#room, i * this.#room + this.#sizes[i]!);
  }

  /** Who is kept at step `i`, best first; of equals who came first, as `arrival` tells. */
  ranked(i: number, arrival: (member: number) => number): number[] {
    const from = i * this.#room;
    const order = Array.from({ length: this.#sizes[i]! }, (_, at) => from + at);
    order.sort((a, b) => {
      const x = this.#values[a]!;
      const y = this.#values[b]!;
      if (Number.isNaN(x) || Number.isNaN(y)) {
        return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      }
      return (y - x) * this.#sign || arrival(this.#members[a]!) - arrival(this.#members[b]!);
    });
    return order.map((at) => this.#members[at]!);
  }

  #grow(): void {
    const room = Math.max(FIRST_CAPACITY, this.#room * 2);
    const values = new Float64Array(room * this.#steps);
    const members = new Int32Array(room * this.#steps);
    for (let i = 0; i < this.#steps; i++) {
      const from = i * this.#room;
      const to = from + this.#sizes[i]!;
      values.set(this.#values.subarray(from, to), i * room);
      members.set(this.#members.subarray(from, to), i * room);
    }
    this.#room = room;
    this.#values = values;
    this.#members = members;
  }

  #worse(a: number, b: number): boolean {
    const x = this.#values[a]!;
    const y = this.#values[b]!;
    if (Number.isNaN(x)) return true;
    return this.#sign > 0 ? x < y : x > y;
  }

  #swap(a: number, b: number): void {
    const value = this.#values[a]!;
    const member = this.#members[a]!;
    this.#values[a] = this.#values[b]!;
    this.#members[a] = this.#members[b]!;
    this.#values[b] = value;
    this.#members[b] = member;
  }

  #up(i: number, position: number): void {
    const from = i * this.#room;
    for (let at = position; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#worse(from + at, from + parent)) return;
      this.#swap(from + at, from + parent);
      at = parent;
    }
  }

  #down(i: number): void {
    const from = i * this.#room;
    const size = this.#sizes[i]!;
    for (let at = 0; ; ) {
      let child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && this.#worse(from + child + 1, from + child)) child++;
      if (!this.#worse(from + child, from + at)) return;
      this.#swap(from + at, from + child);
      at = child;
    }
  }
}
