import {
  concerns,
  type DeletedRanges,
  type DeletionRequest,
  LayeredTombstones,
} from "#pkg/block/mod.ts";
import { REMOTE_COALESCE } from "#pkg/fsutil/mod.ts";
import { IndexReader } from "#pkg/index/mod.ts";
import type { OpenBlock } from "./open-block.ts";

/**
 * What is hidden of an open block: its own tombstones, and what requests delete of it. Found when
 * first asked for, and anew when the requests have changed.
 */
export class HiddenRanges {
  #key = "";
  #found: Promise<DeletedRanges> | undefined;
  /** Memory beside that of the block's own tombstones. */
  byteLength = 0;

  /** `onBytes` hears when `byteLength` has changed. Errors: those of reading the index. */
  of(
    open: OpenBlock,
    requests: readonly DeletionRequest[],
    onBytes: () => void,
  ): Promise<DeletedRanges> | DeletedRanges {
    const own = requests.filter((request) => concerns(request, open.block));
    if (own.length === 0) return open.tombstones;
    const key = own.map(({ id }) => id).join();
    if (this.#found && key === this.#key) return this.#found;
    // Not bound to the query that comes first: others wait for it too.
    const found = find(open, own);
    this.#key = key;
    this.#found = found;
    found.then(
      (ranges) => {
        this.byteLength = ranges instanceof LayeredTombstones ? ranges.byteLength : 0;
        onBytes();
      },
      () => {
        if (this.#found === found) this.#found = undefined;
      },
    );
    return found;
  }
}

function find(open: OpenBlock, requests: readonly DeletionRequest[]): Promise<DeletedRanges> {
  const index = new IndexReader(open.header, open.index, REMOTE_COALESCE);
  return LayeredTombstones.build(open.tombstones, requests, {
    index,
    added: open.external.labels,
  });
}
