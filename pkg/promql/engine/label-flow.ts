import type { Call, Expr } from "../syntax/ast.ts";

/** Functions whose series are not those of an argument, or not with its labels. */
const OPAQUE: ReadonlySet<string> = new Set([
  "absent",
  "absent_over_time",
  "info",
  "label_join",
  "label_replace",
  "scalar",
  "vector",
]);

/** Functions that unite the buckets of classic histograms. */
const BUCKET_FUNCTIONS: ReadonlySet<string> = new Set([
  "histogram_fraction",
  "histogram_quantile",
  "histogram_quantiles",
]);

/**
 * The argument whose series a function gives, one for one or, for buckets, one for several; but for
 * what `changesLabels` says, with its labels. Undefined for all other functions.
 */
export function vectorArgument(call: Call): Expr | undefined {
  if (OPAQUE.has(call.func.name)) return undefined;
  const index = call.func.args.findIndex((type) => type === "vector" || type === "matrix");
  return index < 0 ? undefined : call.args[index];
}

/** True if the function's series may have the label otherwise than its `vectorArgument` has. */
export function changesLabels({ func, args }: Call, label: string): boolean {
  if (!BUCKET_FUNCTIONS.has(func.name) || label === "le") return BUCKET_FUNCTIONS.has(func.name);
  const target = func.name === "histogram_quantiles" ? args[1] : undefined;
  return target?.kind === "string" && target.value === label;
}

/** True if the function gives a series for each of its `vectorArgument`, whichever others there are. */
export function isRowWise({ func }: Call): boolean {
  return (
    !OPAQUE.has(func.name) && !BUCKET_FUNCTIONS.has(func.name) && !func.name.startsWith("sort")
  );
}
