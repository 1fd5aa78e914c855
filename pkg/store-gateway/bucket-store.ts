import { setMaxListeners } from "node:events";
import { linkSignals, mapLimit, throwIfAborted } from "#pkg/async/mod.ts";
import { blockOverlaps, type DeletedRanges, readDeletions } from "#pkg/block/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { LOCAL_COALESCE, REMOTE_COALESCE } from "#pkg/fsutil/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import type { ServedBlock, StoreGatewayApi } from "#pkg/rpc/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  mergeChunkQueriers,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import type { Registry } from "#pkg/telemetry/mod.ts";
import { QueryBudget } from "./budget.ts";
import { cachedAccess } from "./cached-access.ts";
import {
  coarseBlocks,
  deletedTenant,
  findTenants,
  type KnownBlock,
  type Listing,
  listBlocks,
  readDeletedTenants,
} from "./catalog.ts";
import { ByteLru } from "./lru.ts";
import { StoreMetrics } from "./metrics.ts";
import { type OpenBlock, openBlock, queryOpenBlock } from "./open-block.ts";
import { raceAbort } from "./race-abort.ts";
import { NO_BLOCKS, type TenantBlocks } from "./tenant-blocks.ts";

/** A block that could not be read, as told to the log. */
export interface Quarantine {
  readonly tenant: string;
  readonly block: string;
  /** `meta`: it is not served at all. `open`: queries that need it fail. */
  readonly stage: "meta" | "open";
  readonly error: unknown;
}

/** What a bucket store needs. */
export interface BucketStoreOptions {
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly registry?: Registry;
  /** Hears of blocks that cannot be read, once each. */
  readonly onQuarantine?: (quarantine: Quarantine) => void;
  /** True where a read of the bucket costs no request, as with a local folder. */
  readonly isLocal?: boolean;
  /** Memory of index headers. 256 MiB where absent. */
  readonly headerBytesMax?: number;
  /** Memory of cached pages of indexes. 256 MiB where absent. */
  readonly cacheBytesMax?: number;
  /** What one query may read; 0 or absent: no limit. */
  readonly queryBytesMax?: number;
  /** A block marked for deletion is served for this long. 1 h where absent. */
  readonly deletionDelayMs?: number;
  /** A manifest up to this old replaces listing; 0: never. 0 where absent. */
  readonly manifestAgeMsMax?: number;
  /** A block that could not be opened is not tried again for this long. 1 min where absent. */
  readonly retryOpenAfterMs?: number;
  /** The tenant to whom blocks at the bucket's root belong; absent: nobody's. */
  readonly rootTenant?: string;
}

/** A querier that tells which blocks its answers rest on. */
export interface BlocksQuerier extends ChunkQuerier {
  /** Ids of the blocks that the calls so far read from. */
  readonly queried: ReadonlySet<string>;
}

/** Looks at one tenant: the one under way, and the one that follows it. */
interface SyncState {
  running: Promise<void>;
  queued: Promise<void> | undefined;
  /** True if the one that follows is to list. */
  doesList: boolean;
}

interface FailedOpen {
  readonly error: unknown;
  readonly retryAt: number;
}

const MIB = 1 << 20;
/** Tenants that are looked at side by side. */
const SYNC_CONCURRENCY = 8;
/** Blocks of one query that are opened side by side. */
const OPEN_CONCURRENCY = 16;

/**
 * Serves the blocks of all tenants in a bucket, `<tenant>/<ULID>/…`. Index headers and pages of
 * indexes are kept in memory, bounded in bytes; all else is read when asked for. Nothing is left
 * out silently: a query that needs a block that cannot be read fails, naming the block.
 */
export class BucketStore implements StoreGatewayApi {
  readonly #bucket: Bucket;
  readonly #clock: Clock;
  readonly #options: BucketStoreOptions;
  readonly #metrics: StoreMetrics;
  readonly #tenants = new Map<string, TenantBlocks>();
  readonly #syncs = new Map<string, SyncState>();
  readonly #headers: ByteLru<OpenBlock>;
  readonly #pages: ByteLru<Uint8Array>;
  readonly #opening = new Map<string, Promise<OpenBlock>>();
  readonly #failed = new Map<string, FailedOpen>();
  /** As the last look at all tenants found them. */
  #deletedTenants: ReadonlySet<string> = new Set();

  constructor(options: BucketStoreOptions) {
    this.#bucket = options.bucket;
    this.#clock = options.clock;
    this.#options = options;
    this.#metrics = new StoreMetrics(options.registry);
    this.#headers = new ByteLru(options.headerBytesMax ?? 256 * MIB);
    this.#pages = new ByteLru(options.cacheBytesMax ?? 256 * MIB);
  }

  /**
   * Looks at all tenants of the bucket. Returns the tenants that could not be looked at, with the
   * reason; what was known of them stays. Rejects if the bucket itself cannot be listed.
   */
  async syncAll(signal?: AbortSignal): Promise<ReadonlyMap<string, unknown>> {
    this.#deletedTenants = await readDeletedTenants(this.#bucket, signal);
    const found = await findTenants(this.#bucket, this.#options.rootTenant, signal);
    for (const tenant of this.#tenants.keys()) if (!found.has(tenant)) this.#forget(tenant);
    const failures = new Map<string, unknown>();
    await mapLimit([...found], SYNC_CONCURRENCY, async (tenant) => {
      try {
        await this.syncTenant(tenant, signal ? { signal } : {});
      } catch (error) {
        throwIfAborted(signal);
        failures.set(tenant, error);
      }
    });
    return failures;
  }

  /**
   * Looks at the blocks of `tenant` and returns when what was in the bucket at the time of the call
   * is known. With `list`, by listing even where there is a fresh manifest.
   */
  async syncTenant(
    tenant: string,
    options: { readonly list?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { list = false, signal } = options;
    throwIfAborted(signal);
    let state = this.#syncs.get(tenant);
    if (!state) {
      state = { queued: undefined, doesList: false, running: Promise.resolve() };
      this.#syncs.set(tenant, state);
    }
    // A look under way may have missed what was uploaded since it began, so a new one follows it;
    // all who come before that begins share it.
    state.doesList ||= list;
    state.queued ??= this.#followUp(tenant, state);
    await (signal ? raceAbort(state.queued, signal) : state.queued);
  }

  async #followUp(tenant: string, state: SyncState): Promise<void> {
    await state.running.catch(() => undefined);
    const { doesList } = state;
    state.running = state.queued ?? Promise.resolve();
    state.queued = undefined;
    state.doesList = false;
    try {
      await this.#sync(tenant, doesList);
    } catch (error) {
      this.#metrics.syncFailures.inc();
      throw error;
    } finally {
      if (!state.queued) this.#syncs.delete(tenant);
    }
  }

  /** Tenants that have blocks. */
  tenants(): string[] {
    return [...this.#tenants].filter(([, { blocks }]) => blocks.size > 0).map(([name]) => name);
  }

  /** Lists the blocks of `tenant` now, so that those uploaded before the call are served. */
  sync(tenant: string, signal: AbortSignal): Promise<void> {
    return this.syncTenant(tenant, { list: true, signal });
  }

  async blocks(tenant: string, signal?: AbortSignal): Promise<readonly ServedBlock[]> {
    const known = await this.#known(tenant, signal);
    const now = this.#clock.now();
    return this.#served(known, now).map(({ id, minTime, maxTime }) => ({
      id,
      mint: minTime,
      maxt: maxTime,
    }));
  }

  /**
   * A querier over the blocks `blockIds` of `tenant`, or over all its blocks; of those, each call
   * reads the ones that overlap its range. A named block that is not there is `not_found`.
   */
  querier(tenant: string, blockIds?: readonly string[]): BlocksQuerier {
    const queried = new Set<string>();
    const select = this.#select.bind(this, tenant, blockIds, queried);
    const ask = async (
      params: LabelParams,
      signal: AbortSignal,
      work: (querier: ChunkQuerier) => Promise<string[]>,
    ): Promise<string[]> => {
      const budget = this.#budget();
      return work(await this.#open(tenant, blockIds, params, { queried, budget, signal }));
    };
    return {
      queried,
      selectChunks: select,
      labelNames: (params, signal) =>
        ask(params, signal, (querier) => querier.labelNames(params, signal)),
      labelValues: (name, params, signal) =>
        ask(params, signal, (querier) => querier.labelValues(name, params, signal)),
    };
  }

  select(
    tenant: string,
    blocks: readonly string[],
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    return this.querier(tenant, blocks).selectChunks(params, signal);
  }

  labelNames(
    tenant: string,
    blocks: readonly string[],
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    return this.querier(tenant, blocks).labelNames(params, signal);
  }

  labelValues(
    tenant: string,
    blocks: readonly string[],
    name: string,
    params: LabelParams,
    signal: AbortSignal,
  ): Promise<string[]> {
    return this.querier(tenant, blocks).labelValues(name, params, signal);
  }

  async *#select(
    tenant: string,
    blockIds: readonly string[] | undefined,
    queried: Set<string>,
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ChunkSeries[]> {
    const budget = this.#budget();
    try {
      const querier = await this.#open(tenant, blockIds, params, { queried, budget, signal });
      yield* querier.selectChunks(params, signal);
    } finally {
      this.#metrics.queryBytes.observe(budget.takenBytes);
    }
  }

  #budget(): QueryBudget {
    return new QueryBudget(this.#options.queryBytesMax ?? 0);
  }

  /** Opens the blocks that a call needs; fails if one cannot be opened. */
  async #open(
    tenant: string,
    blockIds: readonly string[] | undefined,
    range: { readonly mint: number; readonly maxt: number },
    call: { queried: Set<string>; budget: QueryBudget; signal: AbortSignal },
  ): Promise<ChunkQuerier> {
    throwIfAborted(call.signal);
    const blocks = await this.#wanted(tenant, blockIds, call.signal);
    const wanted = blocks.filter((block) => blockOverlaps(block, range.mint, range.maxt));
    const coalesce = this.#options.isLocal ? LOCAL_COALESCE : REMOTE_COALESCE;
    const linked = linkSignals(call.signal);
    try {
      // Each block that is being opened listens.
      setMaxListeners(2 * OPEN_CONCURRENCY, linked.signal);
      const queriers = await mapLimit(wanted, OPEN_CONCURRENCY, async (block) => {
        const open = await this.#openBlock(tenant, block, linked.signal);
        const hidden = await this.#hidden(tenant, open, linked.signal);
        return queryOpenBlock(open, hidden, call.budget, coalesce);
      });
      for (const { id } of wanted) call.queried.add(id);
      this.#metrics.queriedBlocks.inc(wanted.length);
      return mergeChunkQueriers(queriers);
    } catch (error) {
      linked.abort(error);
      throw error;
    } finally {
      linked.dispose();
    }
  }

  async #wanted(
    tenant: string,
    blockIds: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<readonly KnownBlock[]> {
    let known = await this.#known(tenant, signal);
    if (!blockIds) {
      return this.#served(known, this.#clock.now());
    }
    if (blockIds.some((id) => !known.blocks.has(id))) {
      // It may be newer than the last look.
      await this.syncTenant(tenant, { list: true, signal });
      known = await this.#known(tenant, signal);
    }
    return blockIds.map((id) => {
      const block = known.blocks.get(id);
      if (block) return block;
      throw new NarthexError("not_found", `block ${id} of ${tenant} is not in the bucket`);
    });
  }

  async #known(tenant: string, signal: AbortSignal | undefined): Promise<TenantBlocks> {
    if (!this.#tenants.has(tenant)) await this.syncTenant(tenant, signal ? { signal } : {});
    return this.#tenants.get(tenant) ?? NO_BLOCKS;
  }

  /** The blocks that answer queries: not deleted, and of finer ones no coarser copies. */
  #served(known: TenantBlocks, now: number): KnownBlock[] {
    return [...known.blocks.values()].filter(
      ({ id }) => !known.coarse.has(id) && !this.#isDeleted(known, id, now),
    );
  }

  #isDeleted(known: Pick<TenantBlocks, "marks">, id: string, now: number): boolean {
    const markedAt = known.marks.get(id);
    return markedAt !== undefined && now - markedAt > (this.#options.deletionDelayMs ?? 3_600_000);
  }

  async #sync(tenant: string, doesList: boolean): Promise<void> {
    const before = this.#tenants.get(tenant);
    if (this.#deletedTenants.has(tenant)) {
      this.#adopt(tenant, before, deletedTenant("list"), new Map());
      return;
    }
    const listing = await listBlocks(this.#bucket, tenant, {
      withRoot: tenant === this.#options.rootTenant,
      nowMs: this.#clock.now(),
      manifestAgeMsMax: doesList ? 0 : (this.#options.manifestAgeMsMax ?? 0),
      known: before?.blocks ?? new Map(),
      knownMarks: before?.marks ?? new Map(),
    });
    const deletions = await readDeletions(this.#bucket, tenant, before?.deletions);
    this.#metrics.syncs.inc({ source: listing.source });
    this.#adopt(tenant, before, listing, deletions);
  }

  #adopt(
    tenant: string,
    before: TenantBlocks | undefined,
    listing: Listing,
    deletions: TenantBlocks["deletions"],
  ): void {
    for (const id of before?.blocks.keys() ?? []) {
      if (!listing.blocks.has(id)) this.#dropBlock(tenant, id);
    }
    for (const [block, error] of listing.broken) {
      if (!before?.broken.has(block)) this.#quarantine({ tenant, block, stage: "meta", error });
    }
    const { blocks, marks } = listing;
    // Kept when it is empty too, so that queries of a tenant without blocks list nothing.
    const now = this.#clock.now();
    const coarse = coarseBlocks(
      [...blocks.values()].filter(({ id }) => !this.#isDeleted({ marks }, id, now)),
    );
    const broken = new Set(listing.broken.keys());
    this.#tenants.set(tenant, { blocks, marks, coarse, broken, deletions });
    this.#count();
  }

  #forget(tenant: string): void {
    for (const id of this.#tenants.get(tenant)?.blocks.keys() ?? []) this.#dropBlock(tenant, id);
    this.#tenants.delete(tenant);
    this.#count();
  }

  #dropBlock(tenant: string, id: string): void {
    const key = `${tenant}/${id}`;
    this.#headers.delete(key);
    this.#pages.deletePrefix(`${key}#`);
    this.#failed.delete(key);
  }

  #count(): void {
    let blocks = 0;
    let tenants = 0;
    for (const tenant of this.#tenants.values()) {
      blocks += tenant.blocks.size;
      if (tenant.blocks.size > 0) tenants++;
    }
    this.#metrics.blocks.set(blocks);
    this.#metrics.tenants.set(tenants);
    this.#metrics.headerBytes.set(this.#headers.byteLength);
    this.#metrics.quarantinedNow.set(this.#failed.size);
  }

  /** The open block, from memory if it is there; shared by the queries that wait for it. */
  async #openBlock(tenant: string, block: KnownBlock, signal: AbortSignal): Promise<OpenBlock> {
    const key = `${tenant}/${block.id}`;
    const held = this.#headers.get(key);
    if (held) return held;
    const failed = this.#failed.get(key);
    if (failed && this.#clock.now() < failed.retryAt) throw unreadable(tenant, block, failed.error);
    let opening = this.#opening.get(key);
    if (!opening) {
      // Not bound to the signal of the query that happens to come first: others wait for it too.
      opening = this.#load(tenant, block).finally(() => this.#opening.delete(key));
      opening.catch(() => undefined);
      this.#opening.set(key, opening);
    }
    try {
      return await raceAbort(opening, signal);
    } catch (error) {
      throwIfAborted(signal);
      throw unreadable(tenant, block, error);
    }
  }

  async #load(tenant: string, block: KnownBlock): Promise<OpenBlock> {
    const key = `${tenant}/${block.id}`;
    const counters = {
      requested: (pages: number) => this.#metrics.pagesRequested.inc(pages),
      hit: (pages: number) => this.#metrics.pagesHit.inc(pages),
    };
    try {
      const open = await openBlock(this.#bucket, tenant, block, (access) =>
        cachedAccess(access, key, this.#pages, counters),
      );
      this.#metrics.headerLoads.inc();
      this.#headers.set(key, open, open.header.byteLength);
      this.#failed.delete(key);
      this.#count();
      return open;
    } catch (error) {
      if (codeOf(error) === "corruption") {
        const isNew = !this.#failed.has(key);
        const retryAt = this.#clock.now() + (this.#options.retryOpenAfterMs ?? 60_000);
        this.#failed.set(key, { error, retryAt });
        if (isNew) this.#quarantine({ tenant, block: block.id, stage: "open", error });
        this.#count();
      }
      throw error;
    }
  }

  /** What of an open block is deleted, by its own tombstones and by requests. */
  async #hidden(tenant: string, open: OpenBlock, signal: AbortSignal): Promise<DeletedRanges> {
    const { deletions } = this.#tenants.get(tenant) ?? NO_BLOCKS;
    if (deletions.size === 0) return open.tombstones;
    const key = `${tenant}/${open.block.id}`;
    const requests = [...deletions.values()].map(({ request }) => request);
    const found = open.hidden.of(open, requests, () => {
      if (this.#headers.get(key) !== open) return;
      this.#headers.set(key, open, open.header.byteLength + open.hidden.byteLength);
    });
    try {
      return await (found instanceof Promise ? raceAbort(found, signal) : found);
    } catch (error) {
      throwIfAborted(signal);
      throw unreadable(tenant, open.block, error);
    }
  }

  #quarantine(quarantine: Quarantine): void {
    this.#metrics.quarantined.inc({ stage: quarantine.stage });
    this.#options.onQuarantine?.(quarantine);
  }
}

function unreadable(tenant: string, block: KnownBlock, error: unknown): NarthexError {
  const text = `read block ${block.id} of ${tenant}: ${messageOf(error)}`;
  return new NarthexError(codeOf(error), text, {
    cause: error,
    detail: { tenant, block: block.id },
  });
}
