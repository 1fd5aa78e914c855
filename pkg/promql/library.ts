/**
 * The door of `narthex/promql`: PromQL without the database, in Node and in browsers. See
 * docs/promql-library.md.
 */
export { type ErrorCode, NarthexError } from "#pkg/errs/mod.ts";
export { CounterReset, FloatHistogram, formatHistogram } from "#pkg/histogram/mod.ts";
export {
  formatSeries,
  type Labels,
  labelsFromObject,
  labelsToObject,
  labelValue,
  Matcher,
  type MatchType,
  type PatternMatcher,
} from "#pkg/labels/mod.ts";
export { newMatcher } from "#pkg/re2/mod.ts";
export {
  type LabelParams,
  type LabelQuerier,
  type Querier,
  SampleColumns,
  type SelectHints,
  type SelectParams,
  type Series,
} from "#pkg/storage/mod.ts";
export { type Analysis, analyse, type SelectorUse } from "./analyse.ts";
export * from "./mod.ts";
export { SeriesList } from "./series-list.ts";
