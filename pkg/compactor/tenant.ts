import { Backoff } from "#pkg/async/mod.ts";
import { BUCKET_INDEX_KEY, deletionKey, encodeDeletion } from "#pkg/block/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Limits } from "#pkg/limits/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import { bucketIndexOf } from "./bucket-index.ts";
import { type ExecutorDeps, executePlan } from "./execute.ts";
import { type Plan, planCompactions, planOf, supersededBlocks } from "./plan.ts";
import { deleteBlock, markDeleted, markNoCompact } from "./publish.ts";
import { expiredBlocks } from "./retention.ts";
import { Touches } from "./touches.ts";
import {
  liveBlocks,
  requestsOf,
  type TenantView,
  type ViewBlock,
  type ViewPlan,
  ViewReader,
} from "./view.ts";

/** Settings of the work on a tenant; times in ms. */
export interface TenantOptions {
  readonly rangesMs: readonly number[];
  readonly consistencyDelayMs: number;
  readonly bytesMax: number;
  readonly deletionDelayMs: number;
  readonly partialDelayMs: number;
  readonly rewriteDelayMs: number;
}

/** What the work on a tenant needs. */
export interface TenantDeps extends ExecutorDeps {
  readonly options: TenantOptions;
  readonly limits: Limits;
  readonly log: Logger;
}

/** Plans that one pass carries out at most; the next pass goes on. */
const PLANS_MAX = 1000;
/** How long a plan that failed is left alone. */
const RETRY_MIN_MS = 60_000;
const RETRY_MAX_MS = 3_600_000;
/** Plans that failed and are remembered. */
const FAILED_MAX = 1000;

/** Keeps one tenant's part of the bucket in order. Passes must not overlap. */
export class TenantCompactor {
  readonly #deps: TenantDeps;
  readonly #reader: ViewReader;
  readonly #touches: Touches;
  readonly #failed = new Map<string, { readonly backoff: Backoff; retryAt: number }>();
  readonly #refused = new Set<string>();

  constructor(deps: TenantDeps) {
    this.#deps = deps;
    this.#reader = new ViewReader(deps.bucket, deps.tenant);
    this.#touches = new Touches(deps.bucket, deps.tenant);
  }

  /**
   * Marks what is superseded or expired, deletes what was marked long enough ago, merges and
   * rewrites what is due, and writes the manifest. One plan that fails does not keep the others
   * back; returns how many failed. Errors: those of the bucket.
   */
  async pass(signal: AbortSignal): Promise<number> {
    let failures = 0;
    let view = await this.#reader.read(signal);
    // Folders of rules and the like are nobody's, and a tenant that is being deleted needs no care.
    if (isEmpty(view) || view.isTenantDeleted) return 0;
    await this.#quarantineBroken(view, signal);
    await this.#clean(view, signal);
    for (let count = 0; count < PLANS_MAX && this.#deps.owns(); count++) {
      view = await this.#reader.read(signal);
      if (await this.#markGone(view, signal)) view = await this.#reader.read(signal);
      const plan = await this.#next(view, signal);
      if (!plan) break;
      if (!(await this.#carryOut(plan, signal))) failures++;
    }
    if (!this.#deps.owns()) return failures;
    await this.#settleRequests(view, signal);
    view = await this.#reader.read(signal);
    this.#count(view);
    await this.#deps.bucket.put(
      `${this.#deps.tenant}/${BUCKET_INDEX_KEY}`,
      bucketIndexOf(view, this.#deps.clock.now()),
      signal,
    );
    return failures;
  }

  /** The first plan that may be tried now: merges, then blocks to be rewritten. */
  async #next(view: TenantView, signal: AbortSignal): Promise<ViewPlan | undefined> {
    const nowMs = this.#deps.clock.now();
    const usable = liveBlocks(view).filter(({ id }) => !view.noCompact.has(id));
    const { plans, refused } = planCompactions(usable, { ...this.#deps.options, nowMs });
    for (const { blocks, limit } of refused) {
      const key = blocks.join();
      if (this.#refused.has(key)) continue;
      if (this.#refused.size < FAILED_MAX) this.#refused.add(key);
      this.#deps.metrics.refused.inc({ limit });
      this.#deps.log.warn({ tenant: this.#deps.tenant, blocks, limit }, "merge not begun: too big");
    }
    const isDue = (plan: Plan): boolean => {
      const failed = this.#failed.get(keyOf(plan));
      return !failed || failed.retryAt <= nowMs;
    };
    const due = plans.find(isDue);
    if (due) return due as ViewPlan;
    for (const block of usable) {
      const plan = planOf("rewrite", [block]) as ViewPlan;
      if (isDue(plan) && (await this.#needsRewrite(view, block, signal))) return plan;
    }
    return undefined;
  }

  async #needsRewrite(view: TenantView, block: ViewBlock, signal: AbortSignal): Promise<boolean> {
    if (block.resolution > 0) return false;
    const before = this.#deps.clock.now() - this.#deps.options.rewriteDelayMs;
    const requests = requestsOf(view);
    const isUrgent = requests.some(({ urgent, rewritten }) => urgent && !rewritten);
    if (block.tombstonesAt > 0 && (isUrgent || block.tombstonesAt <= before)) return true;
    for (const request of requests) {
      if (request.createdAt > before && !(request.urgent && request.settled)) continue;
      if (await this.#touched(block, request, signal)) return true;
    }
    return false;
  }

  /** As `Touches.has`; a block whose index cannot be read is quarantined, and then not touched. */
  async #touched(
    block: ViewBlock,
    request: Parameters<Touches["has"]>[1],
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      return await this.#touches.has(block, request, signal);
    } catch (error) {
      if (codeOf(error) !== "corruption") throw error;
      await this.#quarantine(block.id, error, signal);
      return false;
    }
  }

  /** True if the plan was carried out; a failure is counted, logged and remembered. */
  async #carryOut(plan: ViewPlan, signal: AbortSignal): Promise<boolean> {
    const { bucket, tenant, metrics, clock, log } = this.#deps;
    const { reason } = plan;
    const began = clock.monotonic();
    const blocks = plan.blocks.map(({ id }) => id);
    try {
      const meta = await executePlan(plan, this.#deps, signal);
      for (const block of blocks) {
        const details = meta ? `compacted into ${meta.ulid}` : "all of its series are deleted";
        await markDeleted(bucket, { tenant, block, nowMs: clock.now(), details }, signal);
        metrics.markedForDeletion.inc({ reason: "compaction" });
      }
      this.#failed.delete(keyOf(plan));
      metrics.compactions.inc({ reason });
      metrics.compactedBytes.inc(plan.blocks.reduce((sum, { bytes }) => sum + bytes, 0));
      const seconds = (clock.monotonic() - began) / 1000;
      metrics.compactionSeconds.observe(seconds);
      log.info({ tenant, reason, blocks, block: meta?.ulid, seconds }, "blocks compacted");
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      metrics.failures.inc({ reason });
      const block = error instanceof NarthexError ? error.detail["block"] : undefined;
      if (codeOf(error) === "corruption" && typeof block === "string") {
        await this.#quarantine(block, error, signal);
      } else {
        this.#postpone(plan);
        log.warn({ tenant, reason, blocks, err: error }, "compaction failed; will try again");
      }
      return false;
    }
  }

  #postpone(plan: Plan): void {
    const key = keyOf(plan);
    let failed = this.#failed.get(key);
    if (!failed) {
      const { random } = this.#deps;
      const backoff = new Backoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS, random });
      failed = { backoff, retryAt: 0 };
      if (this.#failed.size >= FAILED_MAX) {
        for (const oldest of this.#failed.keys()) {
          this.#failed.delete(oldest);
          break;
        }
      }
      this.#failed.set(key, failed);
    }
    failed.retryAt = this.#deps.clock.now() + failed.backoff.next();
  }

  async #quarantine(block: string, error: unknown, signal: AbortSignal): Promise<void> {
    const { bucket, tenant, clock, metrics, log } = this.#deps;
    const details = messageOf(error);
    const mark = { tenant, block, nowMs: clock.now(), details, reason: "corrupted" };
    await markNoCompact(bucket, mark, signal);
    metrics.markedNoCompact.inc({ reason: "corrupted" });
    log.error({ tenant, block, reason: details }, "block is damaged; it is not compacted any more");
  }

  async #quarantineBroken(view: TenantView, signal: AbortSignal): Promise<void> {
    for (const [id, error] of view.broken) {
      if (!view.noCompact.has(id)) await this.#quarantine(id, error, signal);
    }
  }

  /** Marks blocks whose successors are there, and those past retention; true if there were some. */
  async #markGone(view: TenantView, signal: AbortSignal): Promise<boolean> {
    const live = liveBlocks(view);
    const isUsable = (id: string): boolean => !view.noCompact.has(id);
    const superseded = supersededBlocks(live, isUsable);
    const rest = live.filter(({ id }) => !superseded.includes(id));
    const limits = this.#deps.limits.for(this.#deps.tenant);
    const retention = {
      periodMs: limits.compactor_blocks_retention_period,
      bytes: limits.compactor_blocks_retention_size,
    };
    const { byAge, bySize } = expiredBlocks(rest, retention, this.#deps.clock.now());
    const { bucket, tenant, clock, metrics, log } = this.#deps;
    for (const [reason, ids] of [
      ["compaction", superseded],
      ["retention", byAge],
      ["retention_size", bySize],
    ] as const) {
      for (const block of ids) {
        await markDeleted(bucket, { tenant, block, nowMs: clock.now(), details: reason }, signal);
        metrics.markedForDeletion.inc({ reason });
        log.info({ tenant, block, reason }, "block marked for deletion");
      }
    }
    return superseded.length + byAge.length + bySize.length > 0;
  }

  /** Deletes what was marked long ago, what never became whole, and marks of what is gone. */
  async #clean(view: TenantView, signal: AbortSignal): Promise<void> {
    const { bucket, tenant, clock, metrics, log, options } = this.#deps;
    const now = clock.now();
    const gone: [string, Iterable<string>][] = [];
    for (const [id, time] of view.deletionMarks) {
      const block = view.blocks.get(id);
      if (block && now - time > options.deletionDelayMs) gone.push([id, block.files.keys()]);
    }
    for (const { id, files, lastModified } of view.partial) {
      const isOld = now - lastModified > options.partialDelayMs;
      if (isOld || view.deletionMarks.has(id)) gone.push([id, files]);
    }
    for (const [id, files] of gone) {
      try {
        await deleteBlock(bucket, tenant, id, files, signal);
        metrics.cleaned.inc();
        log.info({ tenant, block: id }, "block deleted");
      } catch (error) {
        if (signal.aborted) throw error;
        metrics.cleanFailures.inc();
        log.warn({ tenant, block: id, err: error }, "block not deleted; will try again");
      }
    }
    for (const key of view.orphanMarks) await bucket.delete(key, signal);
  }

  /** Notes which requests to delete are done in the blocks, and removes those nobody needs. */
  async #settleRequests(view: TenantView, signal: AbortSignal): Promise<void> {
    const { bucket, tenant, clock, options } = this.#deps;
    this.#touches.retain(view.blocks, view.deletions);
    for (const request of requestsOf(view)) {
      let isNeeded = view.broken.size > 0 || view.partial.length > 0;
      let isWaiting = false;
      for (const block of view.blocks.values()) {
        if (!(await this.#touched(block, request, signal))) continue;
        isNeeded = true;
        const { id } = block;
        isWaiting ||= !view.deletionMarks.has(id) && !view.noCompact.has(id);
      }
      const key = deletionKey(tenant, request.id);
      // Its own blocks may still be on their way to the bucket while it is young.
      const isOld = clock.now() - request.createdAt > options.rewriteDelayMs;
      if (!isNeeded && isOld) await bucket.delete(key, signal);
      else if (!isWaiting && !request.rewritten && request.settled) {
        await bucket.put(key, encodeDeletion({ ...request, rewritten: true }), signal);
      }
    }
  }

  #count(view: TenantView): void {
    const { metrics, tenant } = this.#deps;
    const live = liveBlocks(view);
    metrics.blocks.set({ tenant }, view.blocks.size + view.broken.size);
    metrics.blockBytes.set(
      { tenant },
      live.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    metrics.markedBlocks.set({ tenant }, view.blocks.size - live.length);
    metrics.partialBlocks.set({ tenant }, view.partial.length);
    metrics.pendingDeletions.set({ tenant }, view.deletions.size);
  }
}

function isEmpty(view: TenantView): boolean {
  const { blocks, broken, partial, deletions, orphanMarks } = view;
  return blocks.size + broken.size + partial.length + deletions.size + orphanMarks.length === 0;
}

function keyOf(plan: Plan): string {
  return plan.blocks.map(({ id }) => id).join();
}
