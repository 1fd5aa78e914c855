// Hot path: one decompression and one scan per request; nothing per sample happens here.
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import { isPlausibleSnappy, snappyDeclaredBytes, snappyDecode } from "#pkg/encoding/mod.ts";
import { codeOf, NarthexError } from "#pkg/errs/mod.ts";
import { type Limits, RateLimiter } from "#pkg/limits/mod.ts";
import {
  type KnownLabels,
  type LabelHasher,
  RequestTranslator,
  ScannedRequest,
} from "#pkg/remotewrite/mod.ts";
import type { PushOutcome } from "#pkg/rpc/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { DistributorMetrics } from "./metrics.ts";

/** Where scanned requests go: the ingester of this process, or the ring. */
export interface WriteTarget {
  /** What requests must be hashed with. */
  readonly hasher: LabelHasher;
  /** The series of `tenant` that requests are scanned with, where this process has them. */
  known(tenant: string): KnownLabels | undefined;
  /** Called before `push`, which must then be able to start at once. */
  prepare(tenant: string): Promise<void> | undefined;
  /**
   * Takes the request in. It is borrowed only until the first suspension: what is needed later
   * must be copied before.
   */
  push(tenant: string, request: ScannedRequest): Promise<PushOutcome>;
}

export interface DistributorOptions {
  readonly config: Config["distributor"];
  readonly limits: Limits;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly target: WriteTarget;
}

/** What a remote-write 2.0 sender is told, whether all was taken or not. */
export interface WriteResult {
  readonly written: {
    readonly samples: number;
    readonly histograms: number;
    readonly exemplars: number;
  };
  /** Why not all was; as `push` raises it. */
  readonly error?: unknown;
}

/** Scratch that is larger than this is given back after use. */
const SCRATCH_BYTES_KEPT = 16 * 1024 * 1024;

/** First stop of remote write: decodes, checks limits, hands on. */
export class Distributor {
  readonly metrics: DistributorMetrics;
  readonly #options: DistributorOptions;
  readonly #rates: RateLimiter;
  readonly #request = new ScannedRequest();
  readonly #translator = new RequestTranslator();
  #scratch: Uint8Array = new Uint8Array(64 * 1024);

  constructor(options: DistributorOptions) {
    this.#options = options;
    this.#rates = new RateLimiter(options.clock);
    this.metrics = new DistributorMetrics(options.telemetry);
  }

  /**
   * Takes in a snappy-compressed remote-write 1.0 body. Resolves once the accepted samples are
   * durable. Errors: `too_large`, `bad_data` (body, or samples that were refused while the others
   * were kept), `rate_limited`, `unavailable`.
   */
  push(tenant: string, compressed: Uint8Array): Promise<void> {
    return this.#observed(tenant, () => this.#pushCompressed(tenant, compressed));
  }

  /**
   * As `push`, for a body that is not compressed, from a part of this process. It is borrowed until
   * the promise settles.
   */
  pushDecoded(tenant: string, body: Uint8Array): Promise<void> {
    return this.#observed(tenant, () => this.#hand(tenant, body, body.length));
  }

  /** As `push`, for a body of remote write 2.0; never raises. */
  async pushV2(tenant: string, compressed: Uint8Array): Promise<WriteResult> {
    let written: WriteResult["written"] = { samples: 0, histograms: 0, exemplars: 0 };
    try {
      await this.#observed(tenant, async () => {
        const length = this.#decode(compressed);
        const { max_decoded_bytes } = this.#options.config;
        const { body, invalid } = this.#translator.translate(
          this.#scratch,
          0,
          length,
          max_decoded_bytes,
        );
        this.#shrinkScratch();
        const handed = this.#hand(tenant, body, body.length);
        const { sampleCount, histogramCount, exemplarCount } = this.#request;
        const outcome = await handed;
        written = writtenOf({ sampleCount, histogramCount, exemplarCount }, outcome);
        if (invalid === undefined) return outcome;
        const { samples, histograms, message } = invalid;
        const count = samples + histograms;
        const rejection = { reason: "invalid_symbols", count, histograms, message };
        return { ...outcome, rejected: [rejection, ...outcome.rejected] };
      });
      return { written };
    } catch (error) {
      return { written, error };
    }
  }

  async #observed(tenant: string, work: () => Promise<PushOutcome>): Promise<void> {
    this.metrics.inflight.inc();
    try {
      const outcome = await work();
      this.metrics.receivedRequests.inc({ tenant });
      this.metrics.receivedSamples.inc({ tenant }, outcome.samples);
      if (outcome.rejected.length > 0) this.#reportRejected(tenant, outcome);
    } catch (error) {
      this.metrics.pushFailures.inc({ code: codeOf(error) });
      throw error;
    } finally {
      this.metrics.inflight.dec();
    }
  }

  async #pushCompressed(tenant: string, compressed: Uint8Array): Promise<PushOutcome> {
    // From here to the call of `push` nothing suspends, so one scratch serves all requests.
    const length = this.#decode(compressed);
    const done = this.#hand(tenant, this.#scratch, length);
    this.#shrinkScratch();
    return done;
  }

  #shrinkScratch(): void {
    if (this.#scratch.length > SCRATCH_BYTES_KEPT) this.#scratch = new Uint8Array(64 * 1024);
  }

  /** Decompresses a body to the scratch. */
  #decode(compressed: Uint8Array): number {
    const { config } = this.#options;
    const size = snappyDeclaredBytes(compressed);
    if (size > config.max_decoded_bytes) {
      throw new NarthexError(
        "too_large",
        `write request of ${size} bytes decoded exceeds the limit of ${config.max_decoded_bytes} (distributor.max_decoded_bytes)`,
      );
    }
    if (!isPlausibleSnappy(compressed.length, size)) {
      throw new NarthexError(
        "bad_data",
        `decode snappy: ${compressed.length} bytes cannot hold the ${size} that they declare`,
      );
    }
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size + size / 2);
    return snappyDecode(compressed, this.#scratch);
  }

  /**
   * Scans the body and hands it on; nothing suspends before the target has it, or before it was
   * copied. A tenant is opened only for a body that can be read.
   */
  async #hand(tenant: string, body: Uint8Array, length: number): Promise<PushOutcome> {
    const { target } = this.#options;
    this.metrics.decodedBytes.observe(length);
    const request = this.#request;
    request.scan(body, 0, length, target.hasher, target.known(tenant));
    this.#admit(tenant, request);
    const ready = target.prepare(tenant);
    if (ready !== undefined) {
      const copy = body.slice(0, length);
      await ready;
      request.scan(copy, 0, length, target.hasher, target.known(tenant));
    }
    if (request.exemplarCount > 0) {
      this.metrics.receivedExemplars.inc({ tenant }, request.exemplarCount);
    }
    return target.push(tenant, request);
  }

  #admit(tenant: string, request: ScannedRequest): void {
    const limits = this.#options.limits.for(tenant);
    const count = request.sampleCount + request.histogramCount;
    const limit = { rate: limits.ingestion_rate, burst: limits.ingestion_burst_size };
    if (this.#rates.admit(tenant, count, limit)) return;
    this.metrics.discarded.inc({ reason: "rate_limited", tenant }, count);
    throw new NarthexError(
      "rate_limited",
      `ingestion rate limit of tenant ${tenant} exceeded: ${limit.rate} samples/s with burst ${limit.burst || limit.rate} (ingestion_rate, ingestion_burst_size) while adding ${count} samples`,
    );
  }

  #reportRejected(tenant: string, outcome: PushOutcome): never {
    let count = 0;
    for (const rejection of outcome.rejected) {
      this.metrics.discarded.inc({ reason: rejection.reason, tenant }, rejection.count);
      count += rejection.count;
    }
    const [first] = outcome.rejected;
    throw new NarthexError(
      "bad_data",
      `${count} of ${count + outcome.samples} samples rejected, the others were kept; first: ${first?.reason}: ${first?.message}`,
    );
  }
}

/** What of a request was kept. */
function writtenOf(
  sent: { sampleCount: number; histogramCount: number; exemplarCount: number },
  { rejected, exemplarsRefused = 0 }: PushOutcome,
): WriteResult["written"] {
  let { sampleCount: samples, histogramCount: histograms } = sent;
  for (const rejection of rejected) {
    const some = rejection.histograms ?? 0;
    histograms -= some;
    samples -= rejection.count - some;
  }
  const exemplars = sent.exemplarCount - exemplarsRefused;
  return {
    samples: Math.max(0, samples),
    histograms: Math.max(0, histograms),
    exemplars: Math.max(0, exemplars),
  };
}
