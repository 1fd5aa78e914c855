import { readFile } from "node:fs/promises";
import { decodeTime, isValid, ulid } from "ulid";
import { z } from "zod";
import { CorruptionError, messageOf } from "#pkg/errs/mod.ts";

/** The file that makes a folder a block; written last. */
export const META_FILE = "meta.json";
export const INDEX_FILE = "index";
export const CHUNKS_FOLDER = "chunks";
export const TOMBSTONES_FILE = "tombstones";

const count = z.number().int().nonnegative();
const time = z.number().int();
const blockId = z.string().refine(isValid, "not a ULID");

const metaSchema = z.looseObject({
  ulid: blockId,
  minTime: time,
  maxTime: time,
  version: z.literal(1),
  stats: z
    .looseObject({
      numSamples: count.optional(),
      numFloatSamples: count.optional(),
      numHistogramSamples: count.optional(),
      numSeries: count.optional(),
      numChunks: count.optional(),
      numTombstones: count.optional(),
    })
    .optional(),
  compaction: z.looseObject({
    level: count,
    sources: z.array(blockId).nullish(),
    parents: z.array(z.looseObject({ ulid: blockId, minTime: time, maxTime: time })).nullish(),
    hints: z.array(z.string()).nullish(),
    deletable: z.boolean().optional(),
    failed: z.boolean().optional(),
  }),
  thanos: z.looseObject({}).optional(),
});

/** How much a block holds. */
export interface BlockStats {
  readonly numSamples?: number | undefined;
  readonly numFloatSamples?: number | undefined;
  readonly numHistogramSamples?: number | undefined;
  readonly numSeries?: number | undefined;
  readonly numChunks?: number | undefined;
  readonly numTombstones?: number | undefined;
}

/** A block named in another one's history. */
export interface BlockDesc {
  readonly ulid: string;
  readonly minTime: number;
  readonly maxTime: number;
}

/** Where a block comes from. */
export interface BlockCompaction {
  /** 1 for a block cut from a head, one more with every compaction. */
  readonly level: number;
  /** The blocks cut from heads that went into this one. */
  readonly sources?: readonly string[] | null | undefined;
  /** The blocks that it was made of directly. */
  readonly parents?: readonly BlockDesc[] | null | undefined;
  readonly hints?: readonly string[] | null | undefined;
  readonly deletable?: boolean | undefined;
  readonly failed?: boolean | undefined;
}

/**
 * `meta.json` of a block: samples have `minTime <= t < maxTime`, ms. What else the file holds is
 * kept. Source: docs/format/meta.md.
 */
export interface BlockMeta {
  readonly ulid: string;
  readonly minTime: number;
  readonly maxTime: number;
  readonly version: 1;
  readonly stats?: BlockStats | undefined;
  readonly compaction: BlockCompaction;
  /** The section that Thanos, and what builds on it, add: external labels, downsampling, files. */
  readonly thanos?: Readonly<Record<string, unknown>> | undefined;
}

/** Decodes `meta.json`. Errors: `corruption` naming `path`. */
export function decodeMeta(path: string, bytes: Uint8Array | string): BlockMeta {
  let json: unknown;
  try {
    json = JSON.parse(typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw new CorruptionError(path, 0, `meta is not JSON: ${messageOf(error)}`, error);
  }
  const parsed = metaSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join(".") ?? "";
    throw new CorruptionError(path, 0, `meta: ${where}: ${issue?.message ?? "invalid"}`);
  }
  if (parsed.data.maxTime < parsed.data.minTime) {
    throw new CorruptionError(path, 0, "meta: maxTime is before minTime");
  }
  return parsed.data;
}

/** The text of `meta.json`, laid out as Prometheus does. */
export function encodeMeta(meta: BlockMeta): string {
  return JSON.stringify(meta, undefined, "\t");
}

/** Reads the `meta.json` of the block in folder `dir`. */
export async function readMeta(dir: string): Promise<BlockMeta> {
  const path = `${dir}/${META_FILE}`;
  return decodeMeta(path, await readFile(path));
}

/** A new block id. @param random uniform in [0, 1). */
export function newBlockId(nowMs: number, random: () => number): string {
  return ulid(nowMs, random);
}

/** True if `name` is a block id. */
export function isBlockId(name: string): boolean {
  return name.length === 26 && isValid(name) && name === name.toUpperCase();
}

/** When the block `id` was made, ms since the epoch. */
export function blockIdTime(id: string): number {
  return decodeTime(id);
}

/** True if a block holds times of `[mint, maxt]`. */
export function blockOverlaps(
  block: { readonly minTime: number; readonly maxTime: number },
  mint: number,
  maxt: number,
): boolean {
  return block.minTime <= maxt && block.maxTime > mint;
}
