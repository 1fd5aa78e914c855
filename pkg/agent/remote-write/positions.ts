import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { atomicWrite } from "#pkg/fsutil/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import type { LogPosition } from "./log.ts";

/** Where each remote has come to, by its name. */
export type Positions = ReadonlyMap<string, LogPosition>;

const FILE = "remote-write-positions.json";

/** The positions that an earlier run left in `dir`; undefined where there are none to read. */
export async function readPositions(dir: string, log: Logger): Promise<Positions | undefined> {
  let text: string;
  try {
    text = await readFile(join(dir, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const found = new Map<string, LogPosition>();
    const tree = JSON.parse(text) as Record<string, { segment?: unknown; offset?: unknown }>;
    for (const [name, { segment, offset }] of Object.entries(tree)) {
      if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset)) {
        found.set(name, { segment: segment as number, offset: offset as number });
      }
    }
    return found;
  } catch (error) {
    // Sending all again is harmless; not sending would not be.
    log.warn({ err: error, file: FILE }, "positions not readable, sending the whole log again");
    return undefined;
  }
}

/** Writes the positions down, all or nothing. */
export async function writePositions(dir: string, positions: Positions): Promise<void> {
  const text = JSON.stringify(Object.fromEntries(positions), undefined, 2);
  await atomicWrite(join(dir, FILE), Buffer.from(`${text}\n`));
}
