import type { ValueType } from "./ast.ts";

/** What a function takes and gives. Source: Prometheus promql/parser/functions.go. */
export interface FunctionSignature {
  readonly name: string;
  readonly args: readonly ValueType[];
  /** How many more arguments of the last type may follow; -1 for any number, 0 for none. With a
   * number other than 0 the last argument may be left out. */
  readonly variadic: number;
  readonly returns: ValueType;
  /** True if it is refused unless experimental functions are enabled. */
  readonly experimental: boolean;
}

const TYPES: Readonly<Record<string, ValueType>> = {
  v: "vector",
  m: "matrix",
  s: "scalar",
  t: "string",
};

/** Signature letters (see `TYPES`), `*` for any number more, `+n` for n more, `!` experimental. */
const TABLE: readonly (readonly [signature: string, returns: ValueType, names: string])[] = [
  ["", "scalar", "pi time"],
  ["!", "scalar", "end range start step"],
  [
    "m",
    "vector",
    "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta " +
      "increase irate last_over_time max_over_time min_over_time present_over_time rate resets " +
      "stddev_over_time stdvar_over_time sum_over_time",
  ],
  [
    "m!",
    "vector",
    "mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time " +
      "ts_of_min_over_time",
  ],
  ["ms", "vector", "predict_linear"],
  ["mss!", "vector", "double_exponential_smoothing"],
  ["s", "vector", "vector"],
  ["sm", "vector", "quantile_over_time"],
  ["ss!", "scalar", "max_of min_of"],
  ["ssv", "vector", "histogram_fraction"],
  ["sv", "vector", "histogram_quantile"],
  ["v", "scalar", "scalar"],
  [
    "v",
    "vector",
    "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg " +
      "histogram_count histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin " +
      "sinh sort sort_desc sqrt tan tanh timestamp",
  ],
  ["v!", "vector", "start_timestamp"],
  ["v+1", "vector", "day_of_month day_of_week day_of_year days_in_month hour minute month year"],
  ["vs", "vector", "clamp_max clamp_min"],
  ["vs+1", "vector", "round"],
  ["vss", "vector", "clamp"],
  ["vt*!", "vector", "sort_by_label sort_by_label_desc"],
  ["vtss+9!", "vector", "histogram_quantiles"],
  ["vttt*", "vector", "label_join"],
  ["vtttt", "vector", "label_replace"],
  ["vv+1!", "vector", "info"],
];

/** Every function of PromQL by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map(
  TABLE.flatMap(([signature, returns, names]) =>
    names.split(" ").map((name) => [name, parseSignature(signature, returns, name)] as const),
  ),
);

function parseSignature(text: string, returns: ValueType, name: string): FunctionSignature {
  const match = /^([vmst]*)(\*|\+(\d+))?(!?)$/.exec(text)!;
  return {
    name,
    args: [...match[1]!].map((letter) => TYPES[letter]!),
    variadic: match[2] === undefined ? 0 : match[2] === "*" ? -1 : Number(match[3]),
    returns,
    experimental: match[4] === "!",
  };
}
