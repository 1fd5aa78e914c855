// Hot path: a window's values in order, kept so as it slides; a move costs a copy, not a sort.
import { quantileOfSorted } from "./numeric.ts";

/** The values of a window that moves forward, sorted, NaN first. */
export class SortedWindow {
  #values = new Float64Array(64);
  #count = 0;
  #nans = 0;
  #lo = 0;
  #hi = 0;

  /** Forgets the window, before another series. */
  clear(): void {
    this.#count = this.#nans = this.#lo = this.#hi = 0;
  }

  /** Makes the window `values[lo, hi)`; neither end is before where it was. */
  moveTo(values: Float64Array, lo: number, hi: number): void {
    const changes = lo - this.#lo + (hi - this.#hi);
    if (lo >= this.#hi || changes > 8 + (hi - lo) / 8) this.#rebuild(values, lo, hi);
    else {
      for (let j = this.#lo; j < lo; j++) this.#remove(values[j]!);
      for (let j = this.#hi; j < hi; j++) this.#insert(values[j]!);
    }
    this.#lo = lo;
    this.#hi = hi;
  }

  quantile(q: number): number {
    return quantileOfSorted(q, this.#values, this.#count);
  }

  #rebuild(values: Float64Array, lo: number, hi: number): void {
    this.#count = this.#nans = 0;
    this.#reserve(hi - lo);
    for (let j = lo; j < hi; j++) {
      if (Number.isNaN(values[j]!)) this.#nans++;
    }
    let at = this.#nans;
    this.#values.fill(NaN, 0, at);
    for (let j = lo; j < hi; j++) {
      if (!Number.isNaN(values[j]!)) this.#values[at++] = values[j]!;
    }
    this.#count = hi - lo;
    this.#values.subarray(this.#nans, this.#count).sort();
  }

  #insert(value: number): void {
    this.#reserve(this.#count + 1);
    const at = Number.isNaN(value) ? 0 : this.#find(value);
    this.#values.copyWithin(at + 1, at, this.#count);
    this.#values[at] = value;
    this.#count++;
    if (Number.isNaN(value)) this.#nans++;
  }

  #remove(value: number): void {
    const at = Number.isNaN(value) ? 0 : this.#find(value);
    this.#values.copyWithin(at, at + 1, this.#count);
    this.#count--;
    if (Number.isNaN(value)) this.#nans--;
  }

  /** Index of the first value that is not below `value`. */
  #find(value: number): number {
    let low = this.#nans;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #reserve(count: number): void {
    if (count <= this.#values.length) return;
    const grown = new Float64Array(count * 2);
    grown.set(this.#values);
    this.#values = grown;
  }
}
