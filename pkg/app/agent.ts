import { join } from "node:path";
import { Agent, type AgentConfig, loadAgentConfig, selfScrapeConfig } from "#pkg/agent/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import type { Distributor } from "#pkg/distributor/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import type { Telemetry } from "#pkg/telemetry/mod.ts";

/** The configuration of the embedded agent: the file that is named, or scraping this process. */
export function agentConfig(config: Config, httpAddress: string): Promise<AgentConfig> {
  const { config_file: file, scrape_interval: interval } = config.agent;
  if (file !== "") return loadAgentConfig(file, {});
  // An address that means all interfaces is reached by the loopback.
  const address = httpAddress.replace(/^(0\.0\.0\.0|::|\[::\]):/, "127.0.0.1:");
  return Promise.resolve(selfScrapeConfig(address, interval));
}

/**
 * The embedded agent. Where this process has a distributor, samples go to it for the tenant of
 * `agent.tenant`, beside any `remote_write` of the agent's file.
 */
export async function embeddedAgent(
  config: Config,
  deps: {
    readonly clock: Clock;
    readonly telemetry: Telemetry;
    readonly httpAddress: string;
    readonly version: string;
    readonly distributor: Distributor | undefined;
  },
): Promise<Agent> {
  const { distributor, clock, telemetry, version } = deps;
  const { tenant } = config.agent;
  return new Agent({
    config: await agentConfig(config, deps.httpAddress),
    dir: join(config.data_dir, "agent"),
    clock,
    random: systemRandom,
    telemetry,
    version,
    extraSinks: distributor
      ? [{ name: "local", send: (body) => distributor.pushDecoded(tenant, body) }]
      : [],
  });
}
