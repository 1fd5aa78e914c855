import { z } from "zod";
import { fieldInfo } from "./fields.ts";
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

/** The JSON Schema of the YAML file, for editors; `docs/config.schema.json` is this. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const info = fieldInfo(zodSchema as unknown as z.ZodType);
      if (info === undefined) return;
      jsonSchema.description = info.doc;
      jsonSchema.default = info.default as string;
      if (info.type !== "list") return;
      // One string with commas does as well.
      const { items } = jsonSchema;
      delete jsonSchema.type;
      delete jsonSchema.items;
      jsonSchema.anyOf = [{ type: "array", items: items ?? {} }, { type: "string" }];
    },
  });
}
