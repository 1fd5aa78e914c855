import { stdout } from "node:process";
import { Command, Option } from "commander";
import { Agent, type AgentConfig, loadAgentConfig } from "#pkg/agent/mod.ts";
import { systemClock } from "#pkg/clock/mod.ts";
import { messageOf } from "#pkg/errs/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import { createTelemetry, LOG_LEVELS, type LogLevel } from "#pkg/telemetry/mod.ts";
import manifest from "../../package.json" with { type: "json" };
import { AgentServer } from "./server.ts";

interface Flags {
  readonly configFile: string;
  readonly dataDir: string;
  readonly httpListen: string;
  readonly logLevel: LogLevel;
  readonly checkConfig?: true;
}

function parseFlags(argv: readonly string[]): Flags {
  const program = new Command("narthex-agent")
    .description("Scrapes targets and sends the samples to remote-write receivers.")
    .version(manifest.version, "--version", "print the version and exit")
    .requiredOption("--config.file <path>", "configuration in Prometheus's format")
    .option("--data-dir <path>", "folder of the log of what is not sent yet", "./data-agent")
    .option("--http.listen <host:port>", "address of metrics and targets", "127.0.0.1:9091")
    .addOption(new Option("--log.level <level>", "what to log").choices(LOG_LEVELS).default("info"))
    .option("--check-config", "check the configuration and exit")
    .helpOption("--help", "print this and exit");
  program.parse([...argv]);
  const options = program.opts<Record<string, string | true | undefined>>();
  return {
    configFile: String(options["config.file"]),
    dataDir: String(options["dataDir"]),
    httpListen: String(options["http.listen"]),
    logLevel: options["log.level"] as LogLevel,
    ...(options["checkConfig"] === true ? { checkConfig: true } : {}),
  };
}

async function checkConfig(path: string): Promise<number> {
  try {
    const config = await loadAgentConfig(path, process.env);
    for (const warning of config.warnings) stdout.write(`warning: ${warning}\n`);
    const { scrapeConfigs, remoteWrite } = config;
    stdout.write(
      `${path} is valid: ${scrapeConfigs.length} scrape configs, ${remoteWrite.length} remotes\n`,
    );
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

async function main(): Promise<void> {
  const flags = parseFlags(process.argv);
  if (flags.checkConfig) {
    process.exitCode = await checkConfig(flags.configFile);
    return;
  }
  const telemetry = createTelemetry({ logLevel: flags.logLevel, component: "narthex-agent" });
  const { log } = telemetry;
  let config: AgentConfig;
  try {
    config = await loadAgentConfig(flags.configFile, process.env);
  } catch (error) {
    log.fatal({ err: messageOf(error) }, "configuration not usable");
    process.exitCode = 1;
    return;
  }
  const agent = new Agent({
    config,
    dir: flags.dataDir,
    clock: systemClock,
    random: systemRandom,
    telemetry,
    version: manifest.version,
  });
  const reload = async (): Promise<void> => {
    await agent.reload(await loadAgentConfig(flags.configFile, process.env));
    log.info({ file: flags.configFile }, "configuration loaded");
  };
  const server = new AgentServer({ agent, registry: telemetry.registry, reload });
  const address = await server.listen(flags.httpListen);
  process.on("SIGHUP", () => {
    reload().catch((error: unknown) => {
      log.error({ err: messageOf(error) }, "configuration not loaded, the old one stays");
    });
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    log.info("stopping");
    Promise.all([agent.stop(), server.close()])
      .catch((error: unknown) => {
        log.error({ err: messageOf(error) }, "not stopped in order");
        process.exitCode = 1;
      })
      .finally(() => process.exit());
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  await agent.start(new AbortController().signal);
  log.info({ address, version: manifest.version }, "agent runs");
}

main().catch((error: unknown) => {
  process.stderr.write(`narthex-agent: ${messageOf(error)}\n`);
  process.exit(1);
});
