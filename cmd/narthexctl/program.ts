import { Command, CommanderError } from "commander";
import { configJsonSchema, configReference } from "#pkg/config/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { VERSION } from "#pkg/version/mod.ts";
import { checkConfigs } from "./check.ts";
import type { Io } from "./io.ts";
import { argument, Failed } from "./options.ts";
import { instant, labels, type QueryOptions, range, series } from "./query.ts";
import { parseDurationMs, parseTimeMs } from "./times.ts";
import { addTsdb } from "./tsdb.ts";

/** Runs one command line (without program and script); resolves with its exit code: 0, or 1. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = new Command("narthexctl")
    .description("Command line of Narthex: check, query, look into blocks.")
    .version(VERSION)
    .showSuggestionAfterError(true);
  addCheck(program, io);
  addConfig(program, io);
  addQuery(program, io);
  addTsdb(program, io);
  settle(program, io);
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    if (!(error instanceof Failed)) {
      const text = error instanceof NarthexError ? error.message : describe(error);
      io.err(`narthexctl: ${text}\n`);
    }
    return 1;
  }
}

/** The message of an error with its cause, which `fetch` hides there. */
function describe(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}

/** No command ends the process or prints by itself. */
function settle(command: Command, io: Io): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void io.out(text),
    writeErr: (text) => io.err(text),
  });
  for (const child of command.commands) settle(child, io);
}

function addCheck(program: Command, io: Io): void {
  const check = program.command("check").description("Check files before they are used.");
  check
    .command("config")
    .description("Check configuration files of the server; every problem is named with its path.")
    .argument("<file...>", "YAML files")
    .action(async (files: string[]) => {
      if (!(await checkConfigs(files, io))) throw new Failed();
    });
}

function addConfig(program: Command, io: Io): void {
  const config = program.command("config").description("What can be configured.");
  config
    .command("reference")
    .description("Print every key with its flag, environment variable and default, as Markdown.")
    .action(() => io.out(configReference()));
  config
    .command("schema")
    .description("Print the JSON Schema of the configuration file, for editors.")
    .action(() => io.out(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`));
}

function addQuery(program: Command, io: Io): void {
  const query = program.command("query").description("Query a server.");
  const add = (name: string, description: string): Command =>
    query
      .command(name)
      .description(description)
      .argument("<server>", "URL, such as http://127.0.0.1:9009")
      .option("--tenant <id>", "tenant to ask as (X-Scope-OrgID); a|b asks several")
      .option("--json", "print the answer's data as JSON");
  const time = argument(parseTimeMs);
  const duration = argument(parseDurationMs);
  add("instant", "Evaluate an expression at one time.")
    .argument("<expr>", "PromQL expression")
    .option("--time <time>", "RFC 3339 or Unix seconds (default: now)", time)
    .action((server: string, expr: string, options: QueryOptions & { time?: number }) =>
      instant(server, expr, options, io),
    );
  add("range", "Evaluate an expression over a range.")
    .argument("<expr>", "PromQL expression")
    .option("--start <time>", "RFC 3339 or Unix seconds (default: 5 minutes before the end)", time)
    .option("--end <time>", "RFC 3339 or Unix seconds (default: now)", time)
    .option("--step <duration>", "such as 30s (default: a 250th of the range)", duration)
    .action(
      (
        server: string,
        expr: string,
        options: QueryOptions & { start?: number; end?: number; step?: number },
      ) => range(server, expr, options, io),
    );
  add("series", "List series that match any of the selectors.")
    .argument("<selector...>", 'such as up or {job="api"}')
    .option("--start <time>", "RFC 3339 or Unix seconds", time)
    .option("--end <time>", "RFC 3339 or Unix seconds", time)
    .action(
      (
        server: string,
        selectors: string[],
        options: QueryOptions & { start?: number; end?: number },
      ) => series(server, selectors, options, io),
    );
  add("labels", "List the values of a label, or the names of all labels.")
    .argument("[name]", "label name")
    .option("--match <selector...>", "only of series that match")
    .option("--start <time>", "RFC 3339 or Unix seconds", time)
    .option("--end <time>", "RFC 3339 or Unix seconds", time)
    .action(
      (
        server: string,
        name: string | undefined,
        options: QueryOptions & { match?: string[]; start?: number; end?: number },
      ) => labels(server, name, options, io),
    );
}
