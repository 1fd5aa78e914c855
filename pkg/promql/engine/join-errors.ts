import { NarthexError } from "#pkg/errs/mod.ts";
import { compareBytes, formatLabels, type Labels } from "#pkg/labels/mod.ts";

/** Two rows of the side that must be unique, in one match at one step. */
export function refuseDuplicate(
  group: Labels,
  series: readonly [Labels, Labels],
  side: "left" | "right",
): never {
  const pair = series.map(formatLabels).sort(compareBytes);
  throw new NarthexError(
    "execution",
    `found duplicate series for the match group ${formatLabels(group)} on the ${side} hand-side of the ` +
      `operation: [${pair.join(", ")}];many-to-many matching not allowed: matching labels must ` +
      "be unique on one side",
  );
}

/** A second row of the left side in a match of one to one. */
export function refuseMany(): never {
  throw new NarthexError(
    "execution",
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
  );
}

/** Two rows of one match that give the same labels. */
export function refuseGrouping(): never {
  throw new NarthexError(
    "execution",
    "multiple matches for labels: grouping labels must ensure unique matches",
  );
}

/** Two samples of one step with the same labels. */
export function sameLabelSet(): NarthexError {
  return new NarthexError("execution", "vector cannot contain metrics with the same labelset");
}
