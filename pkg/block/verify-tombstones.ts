import { decodeTombstones, type Tombstones } from "#pkg/tombstones/mod.ts";
import { TOMBSTONES_FILE } from "./meta.ts";
import type { BlockCheck } from "./verify-check.ts";

/** Checks the file of tombstones, if there is one: its checksum, and that its series are there. */
export async function verifyTombstones(
  check: BlockCheck,
  refs: Uint32Array | undefined,
): Promise<void> {
  const { files } = check;
  const size = files.sizes.get(TOMBSTONES_FILE);
  if (size === undefined) return;
  let tombstones: Tombstones;
  try {
    const bytes = await files.read(TOMBSTONES_FILE, check.signal);
    tombstones = decodeTombstones(`${files.path}/${TOMBSTONES_FILE}`, bytes);
  } catch (error) {
    check.caught(TOMBSTONES_FILE, error);
    return;
  }
  check.advance(size);
  if (!refs) return;
  const known = new Set<number>();
  for (const ref of refs) if (tombstones.has(ref)) known.add(ref);
  for (const ref of tombstones.keys()) {
    if (known.has(ref)) continue;
    check.problem(TOMBSTONES_FILE, undefined, `series ${ref} is not in the index`);
  }
}
