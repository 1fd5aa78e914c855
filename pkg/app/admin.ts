import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AdminApi } from "#pkg/api/mod.ts";
import { sleep } from "#pkg/async/mod.ts";
import {
  type DeletionRequest,
  deletionKey,
  encodeDeletion,
  newBlockId,
  readDeletions,
} from "#pkg/block/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { snapshotBlocks } from "#pkg/compactor/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import type { StoreGateways } from "#pkg/querier/mod.ts";
import type { Ring } from "#pkg/ring/mod.ts";
import type { DeletionParams, IngesterApi } from "#pkg/rpc/mod.ts";

/** What the administration of tenants needs. */
export interface TsdbAdminDeps {
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly random: Random;
  readonly gateways: StoreGateways;
  /** All ingesters that may hold data. Raises `unavailable` if one of them cannot be asked. */
  readonly ingesters: () => readonly Pick<IngesterApi, "deleteSeries">[];
  /** Tells the compactors to look, as far as that can be done; undefined where there are none. */
  readonly nudge: () => (() => void) | undefined;
  readonly flush: (tenant: string, signal: AbortSignal) => Promise<void>;
  /** For snapshots. */
  readonly dir: string;
}

/** How often a request is looked at that somebody waits for. */
const POLL_MS = 500;

/** Deletes series, and makes snapshots, over all parts of a cluster. */
export class TsdbAdmin implements AdminApi {
  readonly #deps: TsdbAdminDeps;

  constructor(deps: TsdbAdminDeps) {
    this.#deps = deps;
  }

  /**
   * The request is in the bucket first, so that it is in force whatever happens then; the head of
   * every ingester and every store-gateway know it when the call returns.
   */
  async deleteSeries(tenant: string, params: DeletionParams, signal: AbortSignal): Promise<void> {
    const { bucket, clock, random, gateways } = this.#deps;
    const ingesters = this.#deps.ingesters();
    const createdAt = clock.now();
    const id = newBlockId(createdAt, random);
    const marks = { settled: false, urgent: false, rewritten: false };
    const request: DeletionRequest = { id, createdAt, until: createdAt, ...params, ...marks };
    const key = deletionKey(tenant, id);
    await bucket.put(key, encodeDeletion(request), signal);
    const outcomes = await Promise.all(
      ingesters.map((ingester) => ingester.deleteSeries(tenant, params, signal)),
    );
    // Blocks that were being cut meanwhile have ids up to now, by the clock of their ingester.
    const until = Math.max(clock.now(), ...outcomes.map(({ nowMs }) => nowMs));
    await bucket.put(key, encodeDeletion({ ...request, until, settled: true }), signal);
    await Promise.all(gateways.list().map(({ api }) => api.sync(tenant, signal)));
  }

  async cleanTombstones(tenant: string, signal: AbortSignal): Promise<void> {
    const { bucket, clock, nudge } = this.#deps;
    const tell = nudge();
    if (!tell) throw new NarthexError("unavailable", "there is no compactor to rewrite blocks");
    const waiting = new Set<string>();
    for (const [id, { request }] of await readDeletions(bucket, tenant, new Map(), signal)) {
      if (request.rewritten || !request.settled) continue;
      waiting.add(id);
      const urgent = { ...request, urgent: true };
      await bucket.put(deletionKey(tenant, id), encodeDeletion(urgent), signal);
    }
    if (waiting.size === 0) return;
    tell();
    for (;;) {
      const now = await readDeletions(bucket, tenant, new Map(), signal);
      const isDone = [...waiting].every((id) => now.get(id)?.request.rewritten ?? true);
      if (isDone) return;
      await sleep(POLL_MS, signal, clock);
    }
  }

  async snapshot(tenant: string, skipHead: boolean, signal: AbortSignal): Promise<string> {
    const { bucket, clock, random, flush, dir } = this.#deps;
    if (!skipHead) await flush(tenant, signal);
    const time = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
    const tail = Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join("");
    const name = `${time}-${tail}`;
    const folder = join(dir, name);
    await mkdir(folder, { recursive: true });
    await snapshotBlocks(bucket, tenant, folder, signal);
    return name;
  }
}

/** All ingesters of a ring that may hold data. Raises `unavailable` if one cannot be asked. */
export function everyIngester(
  ring: Ring,
  client: (address: string) => IngesterApi,
): readonly IngesterApi[] {
  const holders = ring.current.instances.filter((instance) => instance.mayHoldData);
  const missing = holders.filter((instance) => !instance.readable);
  if (missing.length > 0) {
    const names = missing.map(({ id }) => id).join(", ");
    throw new NarthexError("unavailable", `ingesters that may hold series are away: ${names}`);
  }
  return holders.map(({ address }) => client(address));
}
