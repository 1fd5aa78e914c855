import { messageOf } from "#pkg/errs/mod.ts";
import { compileRe2 } from "#pkg/re2/mod.ts";

/** What a rule can do, in Prometheus's words. */
export const RELABEL_ACTIONS = [
  "replace",
  "keep",
  "drop",
  "keepequal",
  "dropequal",
  "hashmod",
  "labelmap",
  "labeldrop",
  "labelkeep",
  "lowercase",
  "uppercase",
] as const;

/** One of `RELABEL_ACTIONS`. */
export type RelabelAction = (typeof RELABEL_ACTIONS)[number];

/** One relabelling rule; see `DEFAULT_RELABEL` for what a missing field means. */
export interface RelabelConfig {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  /** Between the values of the source labels. */
  readonly separator: string;
  /** RE2 pattern for the whole of the joined values (of a label name for `labelmap` and so on). */
  readonly regex: string;
  /** For `hashmod`; 0 where it is not set. */
  readonly modulus: number;
  readonly targetLabel: string;
  /** With `$1`, `${name}`. */
  readonly replacement: string;
}

/** What fields mean that a rule does not name. */
export const DEFAULT_RELABEL: RelabelConfig = {
  action: "replace",
  sourceLabels: [],
  separator: ";",
  regex: "(.*)",
  modulus: 0,
  targetLabel: "",
  replacement: "$1",
};

/** Above this the remainder of a 64-bit hash is not exact in a float64. */
const MODULUS_MAX = 2 ** 44;

const NEEDS_TARGET: readonly RelabelAction[] = [
  "replace",
  "hashmod",
  "lowercase",
  "uppercase",
  "keepequal",
  "dropequal",
];
const WITHOUT_REPLACEMENT: readonly RelabelAction[] = [
  "lowercase",
  "uppercase",
  "keepequal",
  "dropequal",
];

/** What is wrong with a rule, as Prometheus puts it, or undefined. */
export function validateRelabel(config: RelabelConfig): string | undefined {
  const { action } = config;
  try {
    compileRe2(config.regex);
  } catch (error) {
    return messageOf(error);
  }
  if (action === "hashmod") {
    if (config.modulus === 0) return "hashmod requires a modulus other than 0";
    if (!Number.isInteger(config.modulus) || config.modulus < 0 || config.modulus > MODULUS_MAX) {
      return `modulus ${config.modulus}, want a whole number up to 2^44`;
    }
  }
  if (NEEDS_TARGET.includes(action) && config.targetLabel === "") {
    return `${action} requires target_label`;
  }
  if (WITHOUT_REPLACEMENT.includes(action) && config.replacement !== DEFAULT_RELABEL.replacement) {
    return `replacement can not be set for ${action}`;
  }
  if (action === "labelmap" && config.replacement === "") {
    return 'replacement "" is no label name';
  }
  if (
    (action === "keepequal" || action === "dropequal") &&
    differs(config, "regex", "modulus", "separator")
  ) {
    return `${action} requires source_labels and target_label, and no other fields`;
  }
  const dropsLabels = action === "labeldrop" || action === "labelkeep";
  if (
    dropsLabels &&
    (config.sourceLabels.length > 0 ||
      differs(config, "targetLabel", "modulus", "separator", "replacement"))
  ) {
    return `${action} requires regex, and no other fields`;
  }
  return undefined;
}

function differs(config: RelabelConfig, ...fields: (keyof RelabelConfig)[]): boolean {
  return fields.some((field) => config[field] !== DEFAULT_RELABEL[field]);
}
