import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of a test's own; `remove` it, or keep it by `NARTHEX_KEEP=1` to look at what failed. */
export async function temporaryFolder(
  name: string,
): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), `narthex-${name}-`));
  return {
    dir,
    remove: async () => {
      if (process.env["NARTHEX_KEEP"] !== "1") await rm(dir, { recursive: true, force: true });
    },
  };
}
