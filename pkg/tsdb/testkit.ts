import { Graveyard } from "./graveyard.ts";
import type { Head } from "./head.ts";
import { finishCut, type HeadCut } from "./head-cut.ts";
import type { HeadReader } from "./head-read.ts";

/** Ends a cut as `TenantDb` does: what was taken is dropped, idle series are buried. For tests. */
export async function finish(
  head: Head,
  reader: HeadReader,
  cut: HeadCut,
  idleBefore: number,
): Promise<void> {
  const idle = await finishCut(head, cut, idleBefore);
  await new Graveyard(head, reader, 0).bury(idle, 0);
}
