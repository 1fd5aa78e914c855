import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import { Counter, Histogram, type Registry } from "#pkg/telemetry/mod.ts";
import type { Bucket } from "./bucket.ts";

/** The operations that metrics tell apart, named as in the field. */
const OPERATIONS = [
  "iter",
  "get",
  "get_range",
  "exists",
  "attributes",
  "upload",
  "delete",
] as const;
type Operation = (typeof OPERATIONS)[number];

/** Answers that are no failure of the bucket. */
const EXPECTED_CODES: ReadonlySet<string> = new Set(["not_found", "canceled"]);

/** Metrics of buckets; one set a registry, labelled by bucket. */
export class BucketMetrics {
  readonly #operations: Counter<"bucket" | "operation">;
  readonly #failures: Counter<"bucket" | "operation">;
  readonly #durations: Histogram<"bucket" | "operation">;
  readonly #fetched: Counter<"bucket" | "operation">;
  readonly #clock: Clock;

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock;
    const labelNames = ["bucket", "operation"] as const;
    const registers = [registry];
    this.#operations = new Counter({
      name: "narthex_objstore_bucket_operations_total",
      help: "Operations on a bucket.",
      labelNames,
      registers,
    });
    this.#failures = new Counter({
      name: "narthex_objstore_bucket_operation_failures_total",
      help: "Operations on a bucket that failed; a missing object is no failure.",
      labelNames,
      registers,
    });
    this.#durations = new Histogram({
      name: "narthex_objstore_bucket_operation_duration_seconds",
      help: "How long operations on a bucket that succeeded took.",
      labelNames,
      buckets: [0.001, 0.01, 0.1, 0.3, 0.6, 1, 3, 6, 9, 20, 30, 60, 90, 120],
      registers,
    });
    this.#fetched = new Counter({
      name: "narthex_objstore_bucket_operation_fetched_bytes_total",
      help: "Bytes read from a bucket.",
      labelNames,
      registers,
    });
  }

  /** `inner` with its calls counted and timed. */
  wrap(inner: Bucket): Bucket {
    const bucket = inner.name;
    for (const operation of OPERATIONS) {
      this.#operations.inc({ bucket, operation }, 0);
      this.#failures.inc({ bucket, operation }, 0);
    }
    const measure = <T>(operation: Operation, work: () => Promise<T>): Promise<T> =>
      this.#measure(bucket, operation, work);
    const fetch = async (operation: Operation, work: () => Promise<Uint8Array>) => {
      const bytes = await measure(operation, work);
      this.#fetched.inc({ bucket, operation }, bytes.length);
      return bytes;
    };
    const metrics = this;
    return {
      name: bucket,
      async *list(prefix, options) {
        metrics.#operations.inc({ bucket, operation: "iter" });
        const started = metrics.#clock.monotonic();
        try {
          yield* inner.list(prefix, options);
        } catch (error) {
          metrics.#failed(bucket, "iter", error);
          throw error;
        }
        metrics.#took(bucket, "iter", started);
      },
      get: (key, signal) => fetch("get", () => inner.get(key, signal)),
      getRange: (key, offset, length, signal) =>
        fetch("get_range", () => inner.getRange(key, offset, length, signal)),
      head: (key, signal) => measure("attributes", () => inner.head(key, signal)),
      exists: (key, signal) => measure("exists", () => inner.exists(key, signal)),
      put: (key, bytes, signal) => measure("upload", () => inner.put(key, bytes, signal)),
      putFile: (key, path, signal) => measure("upload", () => inner.putFile(key, path, signal)),
      delete: (key, signal) => measure("delete", () => inner.delete(key, signal)),
    };
  }

  async #measure<T>(bucket: string, operation: Operation, work: () => Promise<T>): Promise<T> {
    this.#operations.inc({ bucket, operation });
    const started = this.#clock.monotonic();
    try {
      const result = await work();
      this.#took(bucket, operation, started);
      return result;
    } catch (error) {
      this.#failed(bucket, operation, error);
      throw error;
    }
  }

  #took(bucket: string, operation: Operation, started: number): void {
    this.#durations.observe({ bucket, operation }, (this.#clock.monotonic() - started) / 1000);
  }

  #failed(bucket: string, operation: Operation, error: unknown): void {
    if (!EXPECTED_CODES.has(codeOf(error))) this.#failures.inc({ bucket, operation });
  }
}
