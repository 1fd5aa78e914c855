import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type BlockMeta,
  blockIdTime,
  concerns,
  type DeletionRequest,
  newBlockId,
  readDeletions,
} from "#pkg/block/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import type { MergeInput, MergeJob, MergeProgress } from "./messages.ts";
import type { CompactorMetrics } from "./metrics.ts";
import { bytesBelow, commitBlock, downloadBlock, thanosOf, uploadFiles } from "./publish.ts";
import type { MergeRunner } from "./run-merge.ts";
import type { ViewBlock, ViewPlan } from "./view.ts";

/** What carrying out plans needs. */
export interface ExecutorDeps {
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly random: Random;
  readonly runner: MergeRunner;
  readonly metrics: CompactorMetrics;
  /** For the copies of one tenant's blocks; each plan has a folder of its own in it. */
  readonly dir: string;
  readonly tenant: string;
  /** False once the tenant belongs to somebody else. */
  readonly owns: () => boolean;
}

/**
 * Carries out one plan up to the moment at which the new block is in the bucket, whole; the inputs
 * are left to be marked. Returns its meta, or undefined where nothing is left of the inputs.
 * Nothing is kept on this machine, whatever happens. Errors: `corruption` with the id of the input
 * as `detail.block`; `unavailable` where it is worth another attempt.
 */
export async function executePlan(
  plan: ViewPlan,
  deps: ExecutorDeps,
  signal: AbortSignal,
): Promise<BlockMeta | undefined> {
  const { bucket, tenant, metrics } = deps;
  // Made before requests to delete are read: one that is not seen below was made later, and so
  // concerns the new block too.
  const ulid = newBlockId(deps.clock.now(), deps.random);
  const dir = join(deps.dir, ulid);
  let bytes = 0;
  metrics.running.inc();
  try {
    const requests = await pendingRequests(bucket, tenant, signal);
    const inputs: MergeInput[] = [];
    for (const block of plan.blocks) {
      const inputDir = join(dir, "in", block.id);
      await downloadBlock(bucket, `${tenant}/${block.id}`, block.files, inputDir, signal);
      bytes += block.bytes;
      metrics.diskBytes.inc(block.bytes);
      inputs.push({ id: block.id, dir: inputDir, deletions: wireOf(requests, block) });
    }
    const outDir = join(dir, "out");
    await mkdir(outDir, { recursive: true });
    const job = jobOf(plan, { ulid, outDir, inputs });
    const meta = await merge(job, deps, signal);
    if (!meta) {
      await assertSame(requests, ulid, deps, signal);
      return undefined;
    }
    const written = join(outDir, ulid);
    const outBytes = await bytesBelow(written);
    bytes += outBytes;
    metrics.diskBytes.inc(outBytes);
    await uploadFiles(bucket, `${tenant}/${ulid}`, written, signal);
    await assertSame(requests, ulid, deps, signal);
    await commitBlock(bucket, `${tenant}/${ulid}`, written, signal);
    return meta;
  } catch (error) {
    throw located(error, join(dir, "in"), tenant);
  } finally {
    metrics.running.dec();
    metrics.diskBytes.dec(bytes);
    await rm(dir, { recursive: true, force: true });
  }
}

async function pendingRequests(
  bucket: Bucket,
  tenant: string,
  signal: AbortSignal,
): Promise<DeletionRequest[]> {
  const stored = await readDeletions(bucket, tenant, new Map(), signal);
  return [...stored.values()].map(({ request }) => request);
}

function wireOf(requests: readonly DeletionRequest[], block: ViewBlock): MergeInput["deletions"] {
  return requests
    .filter((request) => concerns(request, block))
    .map(({ matchers, mint, maxt }) => ({
      matchers: matchers.map(({ type, name, value }) => ({ type, name, value })),
      mint,
      maxt,
    }));
}

function jobOf(plan: ViewPlan, into: Pick<MergeJob, "ulid" | "outDir" | "inputs">): MergeJob {
  const { blocks, minTime, maxTime, reason } = plan;
  const sources = new Set<string>();
  for (const { id, meta } of blocks) {
    for (const source of meta.compaction.sources ?? [id]) sources.add(source);
  }
  const hints = blocks.length === 1 ? (blocks[0]!.meta.compaction.hints ?? []) : [];
  const thanos = thanosOf(blocks[0]!.meta.thanos);
  const level = Math.max(...blocks.map((block) => block.level));
  return {
    ...into,
    mint: minTime,
    maxt: maxTime,
    compaction: {
      level: reason === "rewrite" ? level : level + 1,
      sources: [...sources].sort(),
      parents: blocks.map(({ id, meta }) => ({
        ulid: id,
        minTime: meta.minTime,
        maxTime: meta.maxTime,
      })),
      ...(hints.length > 0 ? { hints } : {}),
    },
    ...(thanos ? { thanos } : {}),
  };
}

/** Merges; where some input is damaged and it is not known which, looks for it. */
async function merge(
  job: MergeJob,
  { runner, metrics }: ExecutorDeps,
  signal: AbortSignal,
): Promise<BlockMeta | undefined> {
  let reported = 0;
  const onProgress = ({ series }: MergeProgress): void => {
    metrics.mergedSeries.inc(series - reported);
    reported = series;
  };
  try {
    return await runner.run(job, onProgress, signal);
  } catch (error) {
    const isNamed = error instanceof NarthexError && error.detail["block"] !== undefined;
    if (codeOf(error) !== "corruption" || isNamed) throw error;
    return await runner.run({ ...job, verify: true }, onProgress, signal);
  } finally {
    metrics.mergedSeries.dec(reported);
  }
}

/**
 * Raises `unavailable` if a request came meanwhile that would not concern the new block, as clocks
 * that differ may have it, or if the tenant went to another compactor.
 */
async function assertSame(
  before: readonly DeletionRequest[],
  ulid: string,
  deps: ExecutorDeps,
  signal: AbortSignal,
): Promise<void> {
  const known = new Map(before.map((request) => [request.id, request.until]));
  for (const { id, until } of await pendingRequests(deps.bucket, deps.tenant, signal)) {
    if (until >= blockIdTime(ulid) || known.get(id) === until) continue;
    throw new NarthexError("unavailable", `request ${id} to delete series came during the merge`);
  }
  if (deps.owns()) return;
  throw new NarthexError("unavailable", `tenant ${deps.tenant} belongs to another compactor now`);
}

/** The error with paths as the bucket has them. */
function located(error: unknown, folder: string, tenant: string): unknown {
  const text = messageOf(error);
  if (!text.includes(folder)) return error;
  const detail = error instanceof NarthexError ? error.detail : {};
  const message = text.replaceAll(folder, tenant);
  return new NarthexError(codeOf(error), message, { cause: error, detail });
}
