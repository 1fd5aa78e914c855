import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { META_FILE, TOMBSTONES_FILE } from "#pkg/block/mod.ts";
import { atomicWrite } from "#pkg/fsutil/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";

/** Tells, in the folder of a local block, that it was in the bucket, whole. */
const UPLOADED_FILE = "uploaded";

/**
 * Copies the block in `dir` to `<tenant>/<id>/…` of the bucket, `meta.json` last, so that a block
 * that is there is whole. Does that once: a block that is not there any more was compacted, or its
 * time was over. What was deleted of it meanwhile goes along.
 */
export async function uploadBlock(
  bucket: Bucket,
  target: { tenant: string; id: string; dir: string },
  signal: AbortSignal,
): Promise<void> {
  const mark = join(target.dir, UPLOADED_FILE);
  if (await isThere(mark)) return;
  const prefix = `${target.tenant}/${target.id}`;
  if (!(await bucket.exists(`${prefix}/${META_FILE}`, signal))) {
    const last = [UPLOADED_FILE, TOMBSTONES_FILE, META_FILE];
    for (const name of await filesOf(target.dir)) {
      if (!last.includes(name) && !name.endsWith(".tmp")) {
        await bucket.putFile(`${prefix}/${name}`, join(target.dir, name), signal);
      }
    }
    const tombstones = join(target.dir, TOMBSTONES_FILE);
    if (await isThere(tombstones)) {
      await bucket.putFile(`${prefix}/${TOMBSTONES_FILE}`, tombstones, signal);
    }
    await bucket.putFile(`${prefix}/${META_FILE}`, join(target.dir, META_FILE), signal);
  }
  await atomicWrite(mark, "");
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Paths of all files below `dir`, with forward slashes. */
async function filesOf(dir: string): Promise<string[]> {
  const out: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory()) out.push(entry.name);
    else for (const name of await filesOf(join(dir, entry.name))) out.push(`${entry.name}/${name}`);
  }
  return out.sort();
}
