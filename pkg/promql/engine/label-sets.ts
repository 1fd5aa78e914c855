import {
  compareBytes,
  EMPTY_LABELS,
  type Labels,
  labelsKey,
  labelValue,
  METRIC_NAME,
} from "#pkg/labels/mod.ts";

/** Labels that describe the metric and are meaningless once its values were changed. */
function isMetadata(name: string): boolean {
  return name === METRIC_NAME || name === "__type__" || name === "__unit__";
}

/** True if the labels say the metric's type or unit, as long as no other label is before its name. */
export function hasTypeOrUnit(labels: Labels): boolean {
  const first = labels[0] === METRIC_NAME ? labels[2] : labels[0];
  return first === "__type__" || first === "__unit__";
}

/** `labels` without the metric's name, type and unit; the same array if there are none. */
export function withoutMetadata(labels: Labels): Labels {
  // These labels sort together among the first; most sets have none or just the name in front.
  if (labels[0] === METRIC_NAME && labels[2] !== "__type__" && labels[2] !== "__unit__") {
    return labels.slice(2);
  }
  for (let i = 0; i < labels.length; i += 2) {
    if (isMetadata(labels[i]!)) return filterLabels(labels, (name) => !isMetadata(name));
  }
  return labels;
}

/** The pairs whose name passes `keep`, in order. */
export function filterLabels(labels: Labels, keep: (name: string) => boolean): Labels {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (keep(labels[i]!)) out.push(labels[i]!, labels[i + 1]!);
  }
  return out;
}

/** `labels` with `name` set to `value`, or without it where `value` is empty. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const out: string[] = [];
  let pending = value !== "";
  for (let i = 0; i < labels.length; i += 2) {
    const other = labels[i]!;
    if (other === name) continue;
    if (pending && compareBytes(name, other) < 0) {
      out.push(name, value);
      pending = false;
    }
    out.push(other, labels[i + 1]!);
  }
  if (pending) out.push(name, value);
  return out;
}

/** Tells which group a label set belongs to, and the labels of that group. */
export interface Grouper {
  /** Equal for sets of the same group only. */
  key(labels: Labels): string;
  labels(labels: Labels): Labels;
}

/** Groups as `by (names)` or `without (names)`; `without` leaves out the metric's name as well. */
export function makeGrouper(names: readonly string[], without: boolean): Grouper {
  if (without) {
    const dropped = new Set([...names, METRIC_NAME]);
    const rest = (labels: Labels): Labels => filterLabels(labels, (name) => !dropped.has(name));
    return { key: (labels) => labelsKey(rest(labels)), labels: rest };
  }
  if (names.length === 0) return { key: () => "", labels: () => EMPTY_LABELS };
  const sorted = [...new Set(names)].sort(compareBytes);
  const kept = new Set(sorted);
  if (sorted.length === 1) {
    const name = sorted[0]!;
    return {
      key: (labels) => labelValue(labels, name),
      labels: (labels) => filterLabels(labels, (other) => other === name),
    };
  }
  return {
    key: (labels) => sorted.map((name) => labelValue(labels, name)).join("\xff"),
    labels: (labels) => filterLabels(labels, (name) => kept.has(name)),
  };
}
