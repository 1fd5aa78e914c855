import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { NarthexError } from "#pkg/errs/mod.ts";

let serial = 0;

/** A name beside `path` that no other write of this process uses. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}-${++serial}.tmp`;
}

/**
 * Makes `path` hold `bytes`, or leaves what it held: writes and syncs a temporary file beside it,
 * renames it, and syncs the folder. Creates missing folders.
 */
export async function atomicWrite(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = temporaryPath(path);
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDir(folder);
}

/** Makes renames, creations and deletions in `folder` durable. */
export async function syncDir(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * What is thrown of a write that failed: `unavailable` with what was to be written where the system
 * refused, whose message may not say; anything else as it is.
 */
export function unwritten(what: string, error: unknown): unknown {
  const isOfSystem = error instanceof Error && "syscall" in error;
  if (!isOfSystem) return error;
  return new NarthexError("unavailable", `write ${what}: ${error.message}`, { cause: error });
}
