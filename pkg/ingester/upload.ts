import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bucket } from "#pkg/objstore/mod.ts";

const META = "meta.json";

/**
 * Copies the block in `dir` to `<tenant>/<id>/…` of the bucket, `meta.json` last, so that a block
 * that is there is whole. Does nothing if its `meta.json` is there already.
 */
export async function uploadBlock(
  bucket: Bucket,
  target: { tenant: string; id: string; dir: string },
  signal: AbortSignal,
): Promise<void> {
  const prefix = `${target.tenant}/${target.id}`;
  if (await bucket.exists(`${prefix}/${META}`, signal)) return;
  for (const name of await filesOf(target.dir)) {
    if (name !== META) await bucket.putFile(`${prefix}/${name}`, join(target.dir, name), signal);
  }
  await bucket.putFile(`${prefix}/${META}`, join(target.dir, META), signal);
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
