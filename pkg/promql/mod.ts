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
  ResultHistograms,
  SamplesSeries,
  SamplesValue,
  ScalarValue,
  StringValue,
  VectorValue,
} from "./engine/result.ts";
export type { ListedSample, ListedSeries } from "./series-list.ts";
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
