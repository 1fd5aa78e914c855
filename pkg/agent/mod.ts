export { Agent, type AgentInit } from "./agent.ts";
export {
  type AgentConfig,
  type Environment,
  loadAgentConfig,
  parseAgentConfig,
  selfScrapeConfig,
} from "./config/load.ts";
export type { RemoteWriteConfig } from "./config/remote-write-config.ts";
export type { ScrapeConfig } from "./config/scrape-config.ts";
export { DEFAULT_LOG_LIMITS, type LogLimits } from "./remote-write/log.ts";
export type { Sink } from "./remote-write/sink.ts";
export type { ActiveTarget, TargetsReport } from "./report.ts";
