import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  type BlockFiles,
  bucketBlockFiles,
  isBlockId,
  localBlockFiles,
  META_FILE,
} from "#pkg/block/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { type Bucket, openBucket } from "#pkg/objstore/mod.ts";
import type { Io } from "./io.ts";

/** Which blocks a command is about. */
export interface SourceOptions {
  /** The tenant of a data folder or of a bucket. */
  readonly tenant?: string;
  /** A configuration of the server; its bucket is looked into. */
  readonly "config.file"?: string;
}

/** A block that can be opened; nothing of it has been read yet. */
export interface BlockSource {
  readonly id: string;
  readonly path: string;
  open(): Promise<BlockFiles>;
}

/**
 * The blocks of `dir`, in order of their ids: of a folder of blocks, one block, the data folder of a
 * server (both what its ingester holds and its bucket), or, with a configuration file, a bucket.
 * Errors: `not_found` with a hint where there are none.
 */
export async function blockSources(
  dir: string | undefined,
  options: SourceOptions,
  io: Io,
): Promise<readonly BlockSource[]> {
  const configFile = options["config.file"];
  if (configFile !== undefined) {
    if (dir !== undefined) {
      throw new NarthexError("bad_data", "want either a folder or --config.file, got both");
    }
    return bucketSources(configFile, options.tenant, io);
  }
  if (dir === undefined) throw new NarthexError("bad_data", "want a folder, or --config.file");
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw new NarthexError("not_found", `read ${dir}: ${messageOf(error)}`, { cause: error });
  });
  const isBlock = entries.some((entry) => entry.name === META_FILE);
  if (isBlockId(basename(resolve(dir))) && (isBlock || entries.some((e) => e.name === "index"))) {
    return [local(dir)];
  }
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = folders.filter(isBlockId).sort();
  if (found.length > 0) return found.map((name) => local(join(dir, name)));
  if (folders.includes("ingester") || folders.includes("bucket")) {
    return dataSources(dir, options.tenant);
  }
  if (options.tenant !== undefined && folders.includes(options.tenant)) {
    return blockSources(join(dir, options.tenant), {}, io);
  }
  const inner: string[] = [];
  for (const name of folders.sort()) {
    const names = await readdir(join(dir, name));
    if (names.some(isBlockId)) inner.push(join(dir, name));
    else if (names.includes("blocks")) inner.push(join(dir, name, "blocks"));
  }
  const hint = inner.length > 0 ? `; there are some in ${inner.join(", ")}` : "";
  throw new NarthexError("not_found", `${dir} holds no blocks${hint}`);
}

function local(path: string): BlockSource {
  return { id: basename(resolve(path)), path, open: () => localBlockFiles(path) };
}

/** The blocks of one tenant in the data folder of a server. */
async function dataSources(dir: string, tenant: string | undefined): Promise<BlockSource[]> {
  const byTenant = new Map<string, Map<string, BlockSource>>();
  const look = async (parent: string, below: string): Promise<void> => {
    for (const name of await folderNames(join(dir, parent))) {
      const folder = join(dir, parent, name, below);
      const ids = (await folderNames(folder)).filter(isBlockId);
      if (ids.length === 0) continue;
      const own = byTenant.get(name) ?? new Map<string, BlockSource>();
      byTenant.set(name, own);
      // What was uploaded and is still here too counts once.
      for (const id of ids) own.set(id, local(join(folder, id)));
    }
  };
  await look("ingester", "blocks");
  await look("bucket", "");
  const names = [...byTenant.keys()].sort();
  if (names.length === 0) throw new NarthexError("not_found", `${dir} holds no blocks`);
  const name = tenant ?? (names.length === 1 ? names[0]! : undefined);
  if (name === undefined) {
    throw new NarthexError("bad_data", `want --tenant, one of ${names.join(", ")}`);
  }
  const own = byTenant.get(name);
  if (!own) {
    const text = `${dir} holds no blocks of tenant ${name}; there are some of ${names.join(", ")}`;
    throw new NarthexError("not_found", text);
  }
  return [...own.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function folderNames(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** The blocks of a tenant in the bucket of a configuration; those at its root without a tenant. */
async function bucketSources(
  configFile: string,
  tenant: string | undefined,
  io: Io,
): Promise<BlockSource[]> {
  const text = await io.readFile(configFile);
  const config = loadConfig({ file: { path: configFile, text }, env: io.env });
  const what = tenant === undefined ? "at its root; name a --tenant" : `of tenant ${tenant}`;
  const none = (): NarthexError =>
    new NarthexError("not_found", `the bucket holds no blocks ${what}`);
  const defaultDir = join(config.data_dir, "bucket");
  if (config.bucket.backend === "filesystem") {
    const root = config.bucket.filesystem.dir || defaultDir;
    const folder = join(root, config.bucket.prefix, tenant ?? "");
    const found = (await folderNames(folder)).filter(isBlockId).sort();
    if (found.length === 0) throw none();
    return found.map((id) => local(join(folder, id)));
  }
  const bucket = await openBucket(config.bucket, { clock: io.clock, defaultDir, readOnly: true });
  const ids = await idsBelow(bucket, tenant === undefined ? "" : `${tenant}/`);
  if (ids.length === 0) throw none();
  return ids.map((id) => {
    const prefix = tenant === undefined ? id : `${tenant}/${id}`;
    return {
      id,
      path: `${bucket.name}/${prefix}`,
      open: () => bucketBlockFiles(bucket, prefix, io.signal),
    };
  });
}

async function idsBelow(bucket: Bucket, prefix: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of bucket.list(prefix)) {
    const name = key.slice(prefix.length, -1);
    if (key.endsWith("/") && isBlockId(name)) ids.push(name);
  }
  return ids;
}
