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
export type { EngineFeatures } from "./engine/context.ts";
export {
  Engine,
  type EngineOptions,
  type InstantOptions,
  type RangeOptions,
} from "./engine/engine.ts";
export type { PlanNode } from "./engine/explain.ts";
export { isTimeDependent } from "./engine/prepare.ts";
export type {
  MatrixSeries,
  MatrixValue,
  QueryResult,
  QueryStats,
  QueryValue,
  SamplesSeries,
  SamplesValue,
  ScalarValue,
  StringValue,
  VectorValue,
} from "./engine/result.ts";
export { type ListedSample, type ListedSeries, SeriesList } from "./series-list.ts";
export { childrenOf, type Expr, positionOf, typeOf, type ValueType, walk } from "./syntax/ast.ts";
export { astToJson, type Json } from "./syntax/ast-json.ts";
export { FUNCTIONS, type FunctionSignature } from "./syntax/functions.ts";
export { DEPTH_MAX, type ParseOptions, parseExpr, parseMetricSelector } from "./syntax/parser.ts";
export { formatPosition, ParseError, type PositionRange } from "./syntax/position.ts";
export { formatExpr, prettify } from "./syntax/printer.ts";
export {
  parseSeriesDescription,
  type SequenceValue,
  type SeriesDescription,
} from "./syntax/series-description.ts";
