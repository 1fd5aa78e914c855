import { readFile } from "node:fs/promises";
import { systemClock } from "#pkg/clock/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import { run } from "./program.ts";
import { terminalProgress } from "./progress.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader of the pipe, such as head, has had enough.
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const interrupted = new AbortController();
const progress = terminalProgress(process.stderr);
process.once("SIGINT", () => {
  // What is half done is tidied up; a second time, the process ends at once.
  progress.stop();
  interrupted.abort();
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => {
    if (process.stdout.write(text)) return undefined;
    return new Promise((resolve) => process.stdout.once("drain", resolve));
  },
  err: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path, "utf8"),
  stdin: process.stdin,
  fetch,
  clock: systemClock,
  random: systemRandom,
  env: process.env,
  progress,
  signal: interrupted.signal,
});
