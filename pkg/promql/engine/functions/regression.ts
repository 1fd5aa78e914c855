import { NarthexError } from "#pkg/errs/mod.ts";
import { KahanSum } from "#pkg/histogram/mod.ts";
import type { RangeKernel } from "./rate.ts";

/** A straight line through samples by least squares; `fit` leaves its result in the fields. */
class Line {
  slope = NaN;
  /** Value at the time that was given to `fit`. */
  intercept = NaN;
  readonly #x = new KahanSum();
  readonly #y = new KahanSum();
  readonly #xy = new KahanSum();
  readonly #xx = new KahanSum();

  fit(
    timestamps: Float64Array,
    values: Float64Array,
    { lo, hi, atMs }: { readonly lo: number; readonly hi: number; readonly atMs: number },
  ): void {
    const first = values[lo]!;
    let constant = true;
    for (const sum of [this.#x, this.#y, this.#xy, this.#xx]) sum.reset();
    for (let j = lo; j < hi; j++) {
      const y = values[j]!;
      const x = (timestamps[j]! - atMs) / 1000;
      if (j > lo && y !== first) constant = false;
      this.#x.add(x);
      this.#y.add(y);
      this.#xy.add(x * y);
      this.#xx.add(x * x);
    }
    if (constant) {
      // The sums of large equal values would leave a slope of rounding errors.
      const infinite = first === Infinity || first === -Infinity;
      this.slope = infinite ? NaN : 0;
      this.intercept = infinite ? NaN : first;
      return;
    }
    const n = hi - lo;
    const sumX = this.#x.sum + this.#x.compensation;
    const sumY = this.#y.sum + this.#y.compensation;
    const covariance = this.#xy.sum + this.#xy.compensation - (sumX * sumY) / n;
    const variance = this.#xx.sum + this.#xx.compensation - (sumX * sumX) / n;
    this.slope = covariance / variance;
    this.intercept = sumY / n - (this.slope * sumX) / n;
  }
}

export function derivativeKernel(): RangeKernel {
  const line = new Line();
  return ({ timestamps, values, lo, hi, steps }, row) => {
    for (let i = 0; i < steps; i++) {
      if (hi[i]! - lo[i]! < 2) continue;
      line.fit(timestamps, values, { lo: lo[i]!, hi: hi[i]!, atMs: timestamps[lo[i]!]! });
      row.kinds[i] = 1;
      row.values[i] = line.slope;
    }
  };
}

export function predictKernel(): RangeKernel {
  const line = new Line();
  return ({ timestamps, values, lo, hi, steps, frame, scalars }, row) => {
    const ahead = scalars[0]!;
    for (let i = 0; i < steps; i++) {
      if (hi[i]! - lo[i]! < 2) continue;
      const atMs = frame.startMs + i * frame.stepMs;
      line.fit(timestamps, values, { lo: lo[i]!, hi: hi[i]!, atMs });
      row.kinds[i] = 1;
      row.values[i] = line.slope * ahead[i]! + line.intercept;
    }
  };
}

/** `double_exponential_smoothing`: smoothing with a trend (Holt). */
export function smoothingKernel(): RangeKernel {
  return ({ values, lo, hi, steps, scalars }, row) => {
    for (let i = 0; i < steps; i++) {
      if (hi[i]! <= lo[i]!) continue;
      const smoothing = scalars[0]![i]!;
      const trend = scalars[1]![i]!;
      checkFactor("smoothing", "sf", smoothing);
      checkFactor("trend", "tf", trend);
      if (hi[i]! - lo[i]! < 2) continue;
      let before = 0;
      let level = values[lo[i]!]!;
      let slope = values[lo[i]! + 1]! - level;
      for (let j = lo[i]! + 1; j < hi[i]!; j++) {
        const isFirst = j === lo[i]! + 1;
        if (!isFirst) slope = trend * (level - before) + (1 - trend) * slope;
        const next = smoothing * values[j]! + (1 - smoothing) * (level + slope);
        before = level;
        level = next;
      }
      row.kinds[i] = 1;
      row.values[i] = level;
    }
  };
}

function checkFactor(what: string, short: string, value: number): void {
  // NaN passes, as it does upstream.
  if (!(value <= 0 || value >= 1)) return;
  const got = Number.isFinite(value) ? value.toFixed(6) : value > 0 ? "+Inf" : "-Inf";
  throw new NarthexError(
    "execution",
    `invalid ${what} factor. Expected: 0 < ${short} < 1, got: ${got}`,
  );
}
