import type { BlockCompaction, BlockMeta } from "#pkg/block/mod.ts";
import type { ErrorCode } from "#pkg/errs/mod.ts";
import type { MatchType } from "#pkg/labels/mod.ts";

/** What a request deletes, as it travels to a thread. */
export interface WireDeletion {
  readonly matchers: readonly {
    readonly type: MatchType;
    readonly name: string;
    readonly value: string;
  }[];
  readonly mint: number;
  readonly maxt: number;
}

/** A block to read, in a folder on this machine. */
export interface MergeInput {
  readonly id: string;
  readonly dir: string;
  /** Samples to leave out, beside those of its tombstones. */
  readonly deletions: readonly WireDeletion[];
}

/** Blocks to be made one. */
export interface MergeJob {
  readonly inputs: readonly MergeInput[];
  /** The folder that will hold the new block's folder. */
  readonly outDir: string;
  readonly ulid: string;
  /** Samples have `mint <= t < maxt`, ms. */
  readonly mint: number;
  readonly maxt: number;
  readonly compaction: BlockCompaction;
  readonly thanos?: Readonly<Record<string, unknown>>;
  readonly segmentBytesMax?: number;
  /** Decode all chunks: to find out which input is damaged. */
  readonly verify?: boolean;
}

/** How far a merge is. */
export interface MergeProgress {
  readonly series: number;
}

/** What a thread reports. */
export type FromMergeWorker =
  | ({ readonly type: "progress" } & MergeProgress)
  | { readonly type: "done"; readonly meta: BlockMeta | undefined }
  | {
      readonly type: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      /** The input that cannot be read. */
      readonly block?: string;
    };
