import type { Clock } from "#pkg/clock/mod.ts";
import type { Config, TenantLimits } from "#pkg/config/mod.ts";
import { utf8Length } from "#pkg/encoding/mod.ts";
import { formatSeries, type Labels, labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";

/** Limits by tenant: defaults with the tenant's overrides. Replaced whole on reload. */
export class Limits {
  #defaults: TenantLimits;
  #overrides: Config["overrides"];
  readonly #cache = new Map<string, TenantLimits>();

  constructor(config: Pick<Config, "limits" | "overrides">) {
    this.#defaults = config.limits;
    this.#overrides = config.overrides;
  }

  /** The limits of `tenant` as they are now; do not keep them across requests. */
  for(tenant: string): TenantLimits {
    const own = Object.hasOwn(this.#overrides, tenant) ? this.#overrides[tenant] : undefined;
    if (own === undefined) return this.#defaults;
    let merged = this.#cache.get(tenant);
    if (merged === undefined) {
      const set = Object.fromEntries(
        Object.entries(own).filter(([, value]) => value !== undefined),
      );
      merged = { ...this.#defaults, ...set } as TenantLimits;
      this.#cache.set(tenant, merged);
    }
    return merged;
  }

  /** Takes over the limits of a reloaded configuration. */
  reload(config: Pick<Config, "limits" | "overrides">): void {
    this.#defaults = config.limits;
    this.#overrides = config.overrides;
    this.#cache.clear();
  }
}

/** Why a series is refused; `reason` is a label of the discarded-samples metric, as in Mimir. */
export interface SeriesRejection {
  readonly reason: string;
  readonly message: string;
}

/**
 * Checks a new series against the tenant's limits on labels. Label sets are sorted and without
 * empty values. Returns undefined for a valid one.
 */
export function validateSeries(labels: Labels, limits: TenantLimits): SeriesRejection | undefined {
  const metric = labelValue(labels, METRIC_NAME);
  if (metric === "") {
    return {
      reason: "missing_metric_name",
      message: `series has no metric name: ${formatSeries(labels)}`,
    };
  }
  const count = labels.length / 2;
  const maxNames = limits.max_label_names_per_series;
  if (maxNames > 0 && count > maxNames) {
    return {
      reason: "max_label_names_per_series",
      message: `series has ${count} labels, the limit is ${maxNames} (max_label_names_per_series): ${shortened(labels)}`,
    };
  }
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i]!;
    const value = labels[i + 1]!;
    if (name === "") {
      return { reason: "label_invalid", message: `label name is empty: ${shortened(labels)}` };
    }
    const { max_label_name_length: maxName, max_label_value_length: maxValue } = limits;
    if (maxName > 0 && tooLong(name, maxName)) {
      return {
        reason: "label_name_too_long",
        message: `label name of ${utf8Length(name)} bytes, the limit is ${maxName} (max_label_name_length): ${shortened(labels)}`,
      };
    }
    if (maxValue > 0 && tooLong(value, maxValue)) {
      return {
        reason: "label_value_too_long",
        message: `value of label ${name.slice(0, 100)} has ${utf8Length(value)} bytes, the limit is ${maxValue} (max_label_value_length): ${shortened(labels)}`,
      };
    }
  }
  return undefined;
}

function tooLong(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && utf8Length(text) > maxBytes;
}

function shortened(labels: Labels): string {
  const text = formatSeries(labels);
  return text.length > 512 ? `${text.slice(0, 512)}…` : text;
}

/** Token bucket per tenant; tokens are samples. Tenants that are idle cost nothing after a while. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes `count` tokens if the tenant may have them now. `rate` is per second; `burst` is the
   * size of the bucket. A request larger than the burst is never admitted, as in Mimir.
   */
  admit(tenant: string, count: number, limit: { rate: number; burst: number }): boolean {
    if (limit.rate <= 0) return true;
    const now = this.#clock.monotonic();
    const burst = limit.burst > 0 ? limit.burst : limit.rate;
    let bucket = this.#buckets.get(tenant);
    if (bucket === undefined) {
      if (this.#buckets.size > 10_000) this.#forgetFull(now, limit.rate);
      this.#buckets.set(tenant, (bucket = { tokens: burst, at: now }));
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.rate);
    bucket.at = now;
    if (bucket.tokens < count) return false;
    bucket.tokens -= count;
    return true;
  }

  #forgetFull(now: number, rate: number): void {
    for (const [tenant, bucket] of this.#buckets) {
      if (now - bucket.at > 60_000 || rate <= 0) this.#buckets.delete(tenant);
    }
  }
}
