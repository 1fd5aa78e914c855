import { z } from "zod";
import { CONFIG_KEYS } from "./load.ts";
import { configSchema } from "./schema.ts";

/** The configuration reference as Markdown; `docs/config.md` is this text. */
export function configReference(): string {
  const lines = [
    "# Configuration reference",
    "",
    "Generated from the schema by `npm run generate`; do not edit.",
    "",
    "Each key is a key of the YAML file (`--config.file`), a flag and an environment variable; flags win over",
    "the environment, which wins over the file. Durations are written as in Prometheus (`1h30m`), sizes with",
    "a unit (`64MiB`, `100MB`).",
    "`overrides.<tenant>` takes any key of `limits` for one tenant, in the file only.",
    "",
    "| key | flag | environment | type | default | meaning |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  for (const key of CONFIG_KEYS) {
    const type = key.info.choices?.map((word) => `\`${word}\``).join(" ") ?? key.info.type;
    const value = String(key.info.default);
    lines.push(
      `| \`${key.path.join(".")}\` | \`--${key.flag}\` | \`${key.env}\` | ${type} | ${value === "" ? "" : `\`${value}\``} | ${key.info.doc.replaceAll("|", "\\|")} |`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The JSON Schema of the YAML file. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
}
