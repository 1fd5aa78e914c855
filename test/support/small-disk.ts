import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of a few MiB in memory, to be filled. Needs the right to mount. */
export class SmallDisk {
  readonly dir: string;
  readonly #filler: string;

  constructor(dir: string, bytes: number) {
    this.dir = dir;
    this.#filler = join(dir, "filler");
    mkdirSync(dir, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=700`, "tmpfs", dir], {
      stdio: "ignore",
    });
  }

  /** True if this process may mount one. */
  static get isPossible(): boolean {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    const dir = mkdtempSync(join(tmpdir(), "narthex-mount-"));
    try {
      new SmallDisk(dir, 65_536).remove();
      return true;
    } catch {
      return false;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }

  /** Takes all but `leftBytes`, until `clear`; others take and give space meanwhile. */
  async fill(leftBytes = 0): Promise<void> {
    const file = await open(this.#filler, "a");
    try {
      for (let free = this.freeBytes; free > leftBytes; free = this.freeBytes) {
        if (!(await append(file, Math.min(free - leftBytes, 65_536)))) return;
      }
    } finally {
      await file.close();
    }
  }

  async clear(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  remove(): void {
    execFileSync("umount", ["-l", this.dir], { stdio: "ignore" });
  }
}

/** False if the disk is full. */
async function append(file: FileHandle, bytes: number): Promise<boolean> {
  try {
    await file.write(Buffer.alloc(bytes));
    return true;
  } catch {
    return false;
  }
}
