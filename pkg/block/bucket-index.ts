import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { CorruptionError, messageOf } from "#pkg/errs/mod.ts";

/** Below a tenant's folder. */
export const BUCKET_INDEX_KEY = "bucket-index.json.gz";
/** The folder of marks below a tenant's folder. */
export const MARKERS_FOLDER = "markers";
/** Ends the name of a deletion mark, in the markers folder behind `<ULID>-`. */
export const DELETION_MARK_FILE = "deletion-mark.json";
/** Ends the name of a mark that keeps a block from being compacted. */
export const NO_COMPACT_MARK_FILE = "no-compact-mark.json";
/** A manifest larger than this when unpacked is refused. */
const BUCKET_INDEX_BYTES_MAX = 1 << 30;

/** A block in the manifest; times in ms as in its `meta.json`. */
export interface BucketIndexBlock {
  readonly block_id: string;
  readonly min_time: number;
  readonly max_time: number;
  /** Seconds since the epoch. */
  readonly uploaded_at: number;
}

/** A block that is marked for deletion. */
export interface BucketIndexMark {
  readonly block_id: string;
  /** Seconds since the epoch: when it was marked. */
  readonly deletion_time: number;
}

/**
 * The manifest of a tenant, `bucket-index.json.gz`, in the versions that Cortex (1) and Mimir (2)
 * write. Fields that are not named here are kept. Source: docs/format/meta.md#bucket-index.
 */
export interface BucketIndex {
  readonly version: number;
  readonly blocks: readonly BucketIndexBlock[];
  readonly block_deletion_marks: readonly BucketIndexMark[];
  /** Seconds since the epoch. */
  readonly updated_at: number;
}

const id = z.string().length(26);
const indexSchema = z.looseObject({
  version: z.number().int().min(1).max(2),
  blocks: z
    .array(
      z.looseObject({
        block_id: id,
        min_time: z.number().int(),
        max_time: z.number().int(),
        uploaded_at: z.number().int().default(0),
      }),
    )
    .nullish()
    .transform((list) => list ?? []),
  block_deletion_marks: z
    .array(z.looseObject({ block_id: id, deletion_time: z.number().int() }))
    .nullish()
    .transform((list) => list ?? []),
  updated_at: z.number().int(),
});
const markSchema = z.looseObject({ deletion_time: z.number().int() });

/** Decodes a manifest. Errors: `corruption` naming `path`. */
export function decodeBucketIndex(path: string, bytes: Uint8Array): BucketIndex {
  let json: unknown;
  try {
    const plain = gunzipSync(bytes, { maxOutputLength: BUCKET_INDEX_BYTES_MAX });
    json = JSON.parse(plain.toString("utf8"));
  } catch (error) {
    throw new CorruptionError(path, 0, `bucket index: ${messageOf(error)}`, error);
  }
  return parsed(path, "bucket index", indexSchema.safeParse(json));
}

/** The bytes of a manifest. */
export function encodeBucketIndex(index: BucketIndex): Uint8Array {
  return gzipSync(JSON.stringify(index));
}

/** When a deletion mark was set, seconds since the epoch. Errors: `corruption`. */
export function decodeDeletionMark(path: string, bytes: Uint8Array): number {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw new CorruptionError(path, 0, `deletion mark: ${messageOf(error)}`, error);
  }
  return parsed(path, "deletion mark", markSchema.safeParse(json)).deletion_time;
}

/** The bytes of a deletion mark, as Thanos, Cortex and Mimir read it. */
export function encodeDeletionMark(block: string, timeSeconds: number, details = ""): Uint8Array {
  return Buffer.from(
    JSON.stringify({ id: block, version: 1, deletion_time: timeSeconds, details }),
  );
}

/** A mark that keeps a block from being compacted, as Thanos and Mimir read it. */
export interface NoCompactMark {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly noCompactTime: number;
  /** Such as `corrupted`, or of Thanos `manual`, `index-size-exceeding`. */
  readonly reason: string;
  readonly details: string;
}

/** The bytes of a no-compact mark. */
export function encodeNoCompactMark(mark: NoCompactMark): Uint8Array {
  const { id, noCompactTime, reason, details } = mark;
  const json = { id, version: 1, details, no_compact_time: noCompactTime, reason };
  return Buffer.from(JSON.stringify(json));
}

function parsed<T>(
  path: string,
  what: string,
  result: { success: true; data: T } | { success: false; error: z.ZodError },
): T {
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw new CorruptionError(path, 0, `${what}: ${where}: ${issue?.message ?? "invalid"}`);
}
