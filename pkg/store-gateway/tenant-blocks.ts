import type { StoredDeletion } from "#pkg/block/mod.ts";
import type { KnownBlock } from "./catalog.ts";

/** What was found of a tenant. */
export interface TenantBlocks {
  blocks: ReadonlyMap<string, KnownBlock>;
  marks: ReadonlyMap<string, number>;
  broken: ReadonlySet<string>;
  /** Downsampled blocks that are not needed. */
  coarse: ReadonlySet<string>;
  /** What readers are to leave out, by id of the request. */
  deletions: ReadonlyMap<string, StoredDeletion>;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Of a tenant of whom nothing is there. */
export const NO_BLOCKS: TenantBlocks = {
  blocks: new Map(),
  marks: new Map(),
  broken: NOTHING,
  coarse: NOTHING,
  deletions: new Map(),
};
