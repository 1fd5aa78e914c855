import type { z } from "zod";
import {
  DEFAULT_RELABEL,
  RELABEL_ACTIONS,
  type RelabelConfig,
  validateRelabel,
} from "#pkg/relabel/mod.ts";
import { entry, int, list, text, word } from "./fields.ts";

const ruleSchema = entry({
  source_labels: list(word()).optional(),
  separator: text().optional(),
  regex: text().optional(),
  modulus: int().optional(),
  target_label: text().optional(),
  replacement: text().optional(),
  action: text().optional(),
});

/** A list of relabelling rules, checked as Prometheus checks them. */
export function relabelRules() {
  return list(
    ruleSchema.transform((raw, context): RelabelConfig => {
      const config = relabelConfig(raw);
      const known = (RELABEL_ACTIONS as readonly string[]).includes(config.action);
      const problem = known
        ? validateRelabel(config)
        : `unknown relabel action "${raw.action}", want one of ${RELABEL_ACTIONS.join(", ")}`;
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
      return config;
    }),
  ).optional();
}

function relabelConfig(raw: z.infer<typeof ruleSchema>): RelabelConfig {
  return {
    action: (raw.action?.toLowerCase() ?? DEFAULT_RELABEL.action) as RelabelConfig["action"],
    sourceLabels: raw.source_labels ?? DEFAULT_RELABEL.sourceLabels,
    separator: raw.separator ?? DEFAULT_RELABEL.separator,
    regex: raw.regex ?? DEFAULT_RELABEL.regex,
    modulus: raw.modulus ?? DEFAULT_RELABEL.modulus,
    targetLabel: raw.target_label ?? DEFAULT_RELABEL.targetLabel,
    replacement: raw.replacement ?? DEFAULT_RELABEL.replacement,
  };
}
