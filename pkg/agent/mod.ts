export { type AgentConfig, loadAgentConfig, parseAgentConfig } from "./config/load.ts";
