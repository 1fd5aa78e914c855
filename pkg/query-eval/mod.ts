export { type Envelope, Pieces, queryJson, seconds, tail } from "./answer-json.ts";
export { type Evaluated, evaluateQuery } from "./evaluate.ts";
export {
  ANSWER_WINDOW,
  type FromWorker,
  type PackedMessage,
  type PlainParams,
  SELECT_WINDOW,
  type ToWorker,
} from "./messages.ts";
export type {
  AnswerOptions,
  QueryAnswer,
  QueryCost,
  QueryExecutor,
  QueryRequest,
  RunOptions,
  StatsLevel,
} from "./request.ts";
export { sampleText } from "./sample-text.ts";
export { serveQueries, type WorkerPort } from "./worker.ts";
