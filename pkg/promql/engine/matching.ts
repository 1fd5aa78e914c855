import { compareBytes, type Labels, labelsKey, labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";
import type { VectorMatching } from "../syntax/ast.ts";
import { filterLabels } from "./label-sets.ts";

/** A key that is equal for label sets that match each other. */
export function signatureOf(matching: VectorMatching): (labels: Labels) => string {
  if (matching.on) {
    const names = [...new Set(matching.labels)].sort(compareBytes);
    if (names.length === 1) {
      const name = names[0]!;
      return (labels) => labelValue(labels, name);
    }
    return (labels) => names.map((name) => labelValue(labels, name)).join("\xff");
  }
  const dropped = new Set([...matching.labels, METRIC_NAME]);
  if (dropped.size === 1) {
    return (labels) => labelsKey(labels[0] === METRIC_NAME ? labels.slice(2) : dropName(labels));
  }
  return (labels) => labelsKey(filterLabels(labels, (name) => !dropped.has(name)));
}

function dropName(labels: Labels): Labels {
  return labels.includes(METRIC_NAME)
    ? filterLabels(labels, (name) => name !== METRIC_NAME)
    : labels;
}

/** The labels that a match is made by. */
export function matchLabels(labels: Labels, matching: VectorMatching): Labels {
  const names = new Set(matching.labels);
  if (matching.on) return filterLabels(labels, (name) => names.has(name));
  return filterLabels(labels, (name) => name !== METRIC_NAME && !names.has(name));
}
