import { loadConfig } from "#pkg/config/mod.ts";
import { messageOf } from "#pkg/errs/mod.ts";
import type { Io } from "./io.ts";

/** Checks server configuration files; true if all are sound. */
export async function checkConfigs(files: readonly string[], io: Io): Promise<boolean> {
  let sound = true;
  for (const path of files) {
    await io.out(`Checking ${path}\n`);
    try {
      loadConfig({ file: { path, text: await io.readFile(path) } });
      await io.out("  SUCCESS: the configuration is valid\n");
    } catch (error) {
      sound = false;
      io.err(`  FAILED: ${messageOf(error).replaceAll("\n", "\n  ")}\n`);
    }
  }
  return sound;
}
