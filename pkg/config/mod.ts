export { nearest } from "./keys.ts";
export { CONFIG_KEYS, type ConfigSources, loadConfig, redacted } from "./load.ts";
export { configJsonSchema, configReference } from "./reference.ts";
export type { Config, TenantLimits } from "./schema.ts";
