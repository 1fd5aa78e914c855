import type { ErrorCode } from "#pkg/errs/mod.ts";
import type { MatchType } from "#pkg/labels/mod.ts";
import type { PackedColumns, SelectHints } from "#pkg/storage/mod.ts";
import type { QueryCost, QueryRequest } from "./request.ts";

/** Batches of series that are on their way to a thread, per selection, at most. */
export const SELECT_WINDOW = 2;
/** Pieces of an answer that are on their way from a thread, per query, at most. */
export const ANSWER_WINDOW = 4;

/** A batch of series as it crosses threads. */
export interface PackedMessage {
  /** Labels are numbers in the table of strings of the selection. */
  readonly columns: PackedColumns;
  /** Strings to be added to the table. */
  readonly strings: readonly string[];
  /** True if the table begins anew before that. */
  readonly fresh: boolean;
}

/** A matcher as it crosses threads. */
export interface PlainMatcher {
  readonly type: MatchType;
  readonly name: string;
  readonly value: string;
}

/** Parameters of a selection, or of label names or values, as they cross threads. */
export interface PlainParams {
  readonly mint: number;
  readonly maxt: number;
  readonly matchers: readonly PlainMatcher[];
  readonly limit?: number;
  readonly hints?: SelectHints;
}

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What the main thread tells a thread; `id` is the query, `call` one request of it for data. */
export type ToWorker =
  | {
      readonly type: "run";
      readonly id: number;
      readonly request: QueryRequest;
      /** Set to 1 when the query is to end: seen also while the thread takes no messages. */
      readonly stop: Int32Array<SharedArrayBuffer>;
    }
  | { readonly type: "cancel"; readonly id: number; readonly reason: "canceled" | "timeout" }
  /** One more piece of the answer may be sent. */
  | { readonly type: "more"; readonly id: number }
  | {
      readonly type: "batch";
      readonly id: number;
      readonly call: number;
      readonly batch: PackedMessage;
      /** True if nothing more comes. */
      readonly last: boolean;
      readonly warnings: readonly string[];
    }
  | {
      readonly type: "end";
      readonly id: number;
      readonly call: number;
      readonly warnings: readonly string[];
      /** The names or values, where those were asked for. */
      readonly strings?: readonly string[];
      readonly error?: PlainError;
    };

/** What a thread tells the main thread. */
export type FromWorker =
  | { readonly type: "ready" }
  | {
      readonly type: "select";
      readonly id: number;
      readonly call: number;
      readonly params: PlainParams;
    }
  | {
      readonly type: "labels";
      readonly id: number;
      readonly call: number;
      /** The label whose values are wanted; absent for names. */
      readonly name?: string;
      readonly params: PlainParams;
    }
  /** One more batch of a selection may be sent; or, if `done`, none. */
  | { readonly type: "next"; readonly id: number; readonly call: number; readonly done: boolean }
  | { readonly type: "progress"; readonly id: number; readonly samples: number }
  | {
      readonly type: "piece";
      readonly id: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly last: boolean;
      /** What the query cost, with its first piece. */
      readonly cost?: QueryCost;
    }
  | { readonly type: "failed"; readonly id: number; readonly error: PlainError };
