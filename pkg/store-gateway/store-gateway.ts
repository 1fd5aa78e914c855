import { sleep } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import type { ServedBlock, StoreGatewayApi } from "#pkg/rpc/mod.ts";
import { BaseService } from "#pkg/service/mod.ts";
import type { ChunkSeries, LabelParams, SelectParams } from "#pkg/storage/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";
import { BucketStore } from "./bucket-store.ts";

/** How soon the first look at the bucket is repeated if it failed. */
const FIRST_SYNC_RETRY_MS = 2_000;

/** What a store-gateway needs. */
export interface StoreGatewayOptions {
  readonly config: Config["store_gateway"];
  readonly bucket: Bucket;
  /** True where a read of the bucket costs no request. By the bucket's name where absent. */
  readonly isLocal?: boolean;
  /** The tenant to whom blocks at the bucket's root belong; "" or absent: nobody's. */
  readonly rootTenant?: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * The store-gateway as a service: it runs once the bucket was looked at, and looks again every
 * `store_gateway.sync_interval`.
 */
export class StoreGateway extends BaseService implements StoreGatewayApi {
  readonly store: BucketStore;
  readonly #options: StoreGatewayOptions;

  constructor(options: StoreGatewayOptions) {
    super("store-gateway");
    this.#options = options;
    const { bucket, clock, telemetry, config } = options;
    this.store = new BucketStore({
      bucket,
      clock,
      registry: telemetry.registry,
      isLocal: options.isLocal ?? bucket.name === "filesystem",
      headerBytesMax: config.index_cache_bytes / 2,
      cacheBytesMax: config.index_cache_bytes / 2,
      ...(options.rootTenant ? { rootTenant: options.rootTenant } : {}),
      deletionDelayMs: config.ignore_deletion_marks_delay,
      onQuarantine: ({ tenant, block, stage, error }) =>
        telemetry.log.warn({ tenant, block, stage, err: error }, "block quarantined"),
    });
  }

  protected override async starting(signal: AbortSignal): Promise<void> {
    while (!(await this.#syncAll(signal))) {
      await sleep(FIRST_SYNC_RETRY_MS, signal, this.#options.clock);
    }
  }

  protected override async running(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#options;
    while (!signal.aborted) {
      await sleep(config.sync_interval, signal, clock).catch(() => undefined);
      if (!signal.aborted) await this.#syncAll(signal);
    }
  }

  sync(tenant: string, signal: AbortSignal): Promise<void> {
    return this.store.sync(tenant, signal);
  }

  blocks(tenant: string, signal: AbortSignal): Promise<readonly ServedBlock[]> {
    return this.store.blocks(tenant, signal);
  }

  select(
    tenant: string,
    blocks: readonly string[],
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    return this.store.select(tenant, blocks, params, signal);
  }

  labelNames(
    tenant: string,
    blocks: readonly string[],
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    return this.store.labelNames(tenant, blocks, params, signal);
  }

  labelValues(
    tenant: string,
    blocks: readonly string[],
    name: string,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    return this.store.labelValues(tenant, blocks, name, params, signal);
  }

  /** False if the bucket could not be listed at all. */
  async #syncAll(signal: AbortSignal): Promise<boolean> {
    const { log } = this.#options.telemetry;
    try {
      for (const [tenant, err] of await this.store.syncAll(signal)) {
        log.warn({ tenant, err }, "blocks of a tenant could not be listed");
      }
      return true;
    } catch (err) {
      if (!signal.aborted) log.warn({ err }, "bucket could not be listed");
      return signal.aborted;
    }
  }
}
