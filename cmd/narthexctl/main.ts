import { readFile } from "node:fs/promises";
import { systemClock } from "#pkg/clock/mod.ts";
import { run } from "./program.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader of the pipe, such as head, has had enough.
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => {
    if (process.stdout.write(text)) return undefined;
    return new Promise((resolve) => process.stdout.once("drain", resolve));
  },
  err: (text) => void process.stderr.write(text),
  readFile: (path) => readFile(path, "utf8"),
  fetch,
  clock: systemClock,
});
