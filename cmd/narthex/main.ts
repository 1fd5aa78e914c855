import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { Command } from "commander";
import { App } from "#pkg/app/mod.ts";
import { CONFIG_KEYS, type Config, loadConfig } from "#pkg/config/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { VERSION } from "#pkg/version/mod.ts";

const CONFIG_FILE = "config.file";

interface CommandLine {
  readonly configFile: string | undefined;
  readonly flags: Readonly<Record<string, string>>;
}

/** The command line: every key of the configuration is a flag. */
function parseArgs(argv: readonly string[]): CommandLine {
  const flags: Record<string, string> = {};
  const program = new Command("narthex")
    .description("Distributed, multi-tenant, Prometheus-compatible time-series database.")
    .version(VERSION)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .option(`--${CONFIG_FILE} <path>`, "YAML file to read; see docs/config.md");
  for (const { flag, info } of CONFIG_KEYS) {
    const shown = info.default === "" ? "" : ` (default ${String(info.default)})`;
    const description = `${info.doc}${info.choices ? ` One of ${info.choices.join(", ")}.` : ""}${shown}`;
    const value = info.type === "bool" ? "[true|false]" : `<${info.type}>`;
    program.option(`--${flag} ${value}`, description, (given: string) => {
      flags[flag] = given;
      return given;
    });
    program.on(`option:${flag}`, (given: string | null) => {
      flags[flag] = given ?? "true";
    });
  }
  refuseUnknown(argv);
  let configFile: string | undefined;
  program.on(`option:${CONFIG_FILE}`, (path: string) => {
    configFile = path;
  });
  program.parse([...argv]);
  return { configFile: configFile ?? process.env["NARTHEX_CONFIG_FILE"], flags };
}

/** Unknown flags fail with the nearest known one, as unknown keys of the file do. */
function refuseUnknown(argv: readonly string[]): void {
  const known = new Set([...CONFIG_KEYS.map((key) => key.flag), CONFIG_FILE, "help", "version"]);
  const given = argv.slice(2).flatMap((arg) => /^--([^=]+)/.exec(arg)?.[1] ?? []);
  const unknown = given.filter((flag) => !known.has(flag));
  if (unknown.length > 0)
    loadConfig({ flags: Object.fromEntries(unknown.map((flag) => [flag, ""])) });
}

async function readConfig({ configFile, flags }: CommandLine): Promise<Config> {
  if (configFile === undefined) return loadConfig({ env: process.env, flags });
  const text = await readFile(configFile, "utf8").catch((error: unknown) => {
    throw new NarthexError("bad_data", `read ${configFile}: ${messageOf(error)}`, { cause: error });
  });
  return loadConfig({ file: { path: configFile, text }, env: process.env, flags });
}

async function main(): Promise<void> {
  // Young objects are few here, and threads that look for them in parallel cost more processor time
  // than they save: a fifth of what ingesting and queries take on two processors.
  setFlagsFromString("--no-parallel-scavenge");
  const line = parseArgs(process.argv);
  const config = await readConfig(line);
  const app = new App({
    config,
    reread: () => readConfig(line),
    version: VERSION,
    // Built beside this program.
    queryWorker: new URL("./query-worker.js", import.meta.url),
    compactionWorker: new URL("./compaction-worker.js", import.meta.url),
  });
  const stop = (): void => {
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        app.telemetry.log.error({ err: error }, "shutdown went wrong");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => void app.reload().catch(() => undefined));
  void app.failed().then((service) => {
    app.telemetry.log.fatal({ service: service.name, err: service.failure }, "service failed");
    void app.stop().finally(() => process.exit(1));
  });
  await app.start();
}

main().catch((error: unknown) => {
  const text =
    error instanceof NarthexError ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`narthex: ${text}\n`);
  process.exit(1);
});
