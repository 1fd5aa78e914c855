import { type Command, InvalidArgumentError, Option } from "commander";
import { isLegacyLabelName } from "#pkg/labels/mod.ts";
import type { Io } from "./io.ts";
import { argument, Failed } from "./options.ts";
import { parseDurationMs, parseTimeMs } from "./times.ts";
import { type AnalyzeOptions, analyzeBlock } from "./tsdb-analyze.ts";
import { type DumpOptions, dumpBlocks } from "./tsdb-dump.ts";
import { createBlocks, type ImportOptions } from "./tsdb-import.ts";
import { type ListOptions, listBlocks } from "./tsdb-list.ts";
import { type VerifyOptions, verifyBlocks } from "./tsdb-verify.ts";

const WHERE = `
Where blocks are:
  DIR                          a folder of blocks, such as a data folder of Prometheus or
                               data/bucket/anonymous, or one block
  DIR --tenant ID              the data folder of a server: what its ingester holds, and its bucket
  --config.file F --tenant ID  the bucket of a configuration; without --tenant, its root
`;

const IMPORT = `
Samples need a timestamp: seconds in OpenMetrics, milliseconds in the text format. They may come in
any order; two samples of a series at one time must be equal. The text is read once, samples go
through a temporary file in DIR; memory grows with the number of series (about a kilobyte each), not
with that of samples. If anything is wrong, the line is named and no block is left.

Move the blocks into the bucket (<bucket>/<tenant>/<ULID>) or into the data folder of a Prometheus.
`;

/** Adds `tsdb` and its commands. */
export function addTsdb(program: Command, io: Io): void {
  const tsdb = program
    .command("tsdb")
    .description("Look into blocks, check them, and make them: local folders and buckets.");
  addList(tsdb, io);
  addDump(tsdb, io);
  addAnalyze(tsdb, io);
  addVerify(tsdb, io);
  addCreate(tsdb, io);
}

/** A command over blocks, wherever they are. */
function overBlocks(tsdb: Command, name: string, description: string): Command {
  return tsdb
    .command(name)
    .description(description)
    .argument("[dir]", "folder of blocks, one block, or the data folder of a server")
    .option("--tenant <id>", "tenant of a data folder or of a bucket")
    .option("--config.file <file>", "server configuration whose bucket is looked into")
    .addHelpText("after", WHERE);
}

function addList(tsdb: Command, io: Io): void {
  overBlocks(tsdb, "list", "List blocks.")
    .option("-r, --human-readable", "print times and sizes for people")
    .option("--json", "print the meta.json of each block, one a line")
    .action((dir: string | undefined, options: ListOptions) => listBlocks(dir, options, io));
}

function addDump(tsdb: Command, io: Io): void {
  const time = argument(parseMs);
  const add = (name: string, description: string): Command =>
    overBlocks(tsdb, name, description)
      .option("--match <selector...>", "only series that match any of these")
      .option("--mint, --min-time <time>", "oldest sample: ms since the epoch, or RFC 3339", time)
      .option("--maxt, --max-time <time>", "newest sample: ms since the epoch, or RFC 3339", time);
  add("dump", "Print samples: series, value, time in ms.")
    .addOption(
      new Option("--format <format>", "prom: samples; seriesjson: label sets only")
        .choices(["prom", "seriesjson"])
        .default("prom"),
    )
    .action((dir: string | undefined, options: DumpOptions) => dumpBlocks(dir, options, io));
  add(
    "dump-openmetrics",
    "Print samples as OpenMetrics, which create-blocks-from reads. Native histograms and stale markers are left out: OpenMetrics cannot say them.",
  ).action((dir: string | undefined, options: DumpOptions) =>
    dumpBlocks(dir, { ...options, format: "openmetrics" }, io),
  );
}

function addAnalyze(tsdb: Command, io: Io): void {
  overBlocks(tsdb, "analyze", "Tell what makes a block large: churn, cardinality, chunks.")
    .argument("[block]", "id of the block (default: the last one)")
    .option("--block <id>", "the same as an option")
    .option("--limit <n>", "lines of each list", argument(parseCount), 20)
    .option("--extended", "read the chunks too: samples, bytes and buckets a chunk, encodings")
    .option("--match <selector>", "only series that match")
    .option("-q, --quiet", "show no progress")
    .action((dir: string | undefined, block: string | undefined, options: AnalyzeOptions) => {
      const chosen = options.block ?? block;
      return analyzeBlock(dir, { ...options, ...(chosen ? { block: chosen } : {}) }, io);
    });
}

function addVerify(tsdb: Command, io: Io): void {
  overBlocks(
    tsdb,
    "verify",
    "Read all of every block and check it: checksums, references, order, times, counts. Prints each problem with file and offset; exits with 1 if there is one.",
  )
    .option("--block <id>", "only this block")
    .option("--json", "print a report for each block, one a line")
    .option("-q, --quiet", "print problems only, and show no progress")
    .action(async (dir: string | undefined, options: VerifyOptions) => {
      if (!(await verifyBlocks(dir, options, io))) throw new Failed();
    });
}

function addCreate(tsdb: Command, io: Io): void {
  const create = tsdb
    .command("create-blocks-from")
    .description("Make blocks of samples in a text.");
  for (const format of ["openmetrics", "text"] as const) {
    const named = format === "text" ? "the Prometheus text format" : "OpenMetrics";
    create
      .command(format)
      .description(`Make blocks of samples in ${named}, each of at most two hours.`)
      .argument("<file>", "file to read, - for standard input")
      .argument("[dir]", "folder for the blocks", "data/")
      .option(
        "--max-block-duration <duration>",
        "blocks may span this much: 2h, 6h, 18h, … are used, never more",
        argument(parseDurationMs),
      )
      .option("--label <name=value>", "label for every series; may be repeated", addLabel, {})
      .option("-r, --human-readable", "print times and sizes for people")
      .option("-q, --quiet", "print no blocks and show no progress")
      .addHelpText("after", IMPORT)
      .action((file: string, dir: string, options: Omit<ImportOptions, "format">) =>
        createBlocks(file, dir, { ...options, format }, io),
      );
  }
}

function addLabel(
  text: string,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(0, at));
  if (!isLegacyLabelName(name)) {
    throw new InvalidArgumentError(`want name=value, got "${text}"`);
  }
  return { ...labels, [name]: text.slice(at + 1) };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new InvalidArgumentError(`want a count, got "${text}"`);
}

function parseMs(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : parseTimeMs(text);
}
