import type { Labels } from "#pkg/labels/mod.ts";

/** Outcome of one sample. */
export const AppendStatus = {
  appended: 0,
  outOfOrder: 1,
  duplicate: 2,
  conflict: 3,
  tooOld: 4,
  tooFarInFuture: 5,
  /** Appended, the first float behind histograms or the other way round. */
  turned: 6,
  /** A stale marker was appended to histograms. */
  staleHistogram: 7,
} as const;
export type AppendStatus = (typeof AppendStatus)[keyof typeof AppendStatus];

/** Why a series or sample was refused; the word is a label of the discarded-samples metric. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** Asked once for each new series; a rejection keeps it out. */
export interface SeriesAdmission {
  admit(labels: Labels, liveSeries: number): Rejection | undefined;
  /** Buckets that a native histogram may have; 0 or undefined is no limit. */
  readonly histogramBucketsMax?: number;
  /** Exemplars that are kept; 0 or undefined is none. */
  readonly exemplarsMax?: number;
}

export interface HeadOptions {
  /** Chunks never cross a multiple of this. */
  readonly blockDurationMs: number;
  /** How far behind the newest sample of the tenant a sample may still be. */
  readonly outOfOrderWindowMs: number;
  /** How far ahead of the clock a sample may be. */
  readonly creationGraceMs: number;
  /** Exemplars that a replay keeps; 0 or undefined is none. */
  readonly exemplarsMax?: number;
}

/** Receives what the WAL must hold, as it happens. */
export interface HeadLog {
  series(ref: number, labelBytes: Uint8Array, start: number, end: number): void;
  sample(ref: number, t: number, hi: number, lo: number): void;
  outOfOrder(ref: number, t: number, hi: number, lo: number): void;
  /** `bytes[start, end)` is the `Histogram` message of a sample. */
  histogram(ref: number, message: MessageRange, isOutOfOrder: boolean): void;
  /** From its sample at `t` on, a series has another start timestamp; 0 is none. */
  start?(ref: number, t: number, start: number): void;
  /** Called between a series' last float and its first histogram, or the other way round. */
  turn(): void;
}

/** A message within a request, borrowed. */
export interface MessageRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** What the samples of one push are appended with. */
export interface PushContext {
  /** Times between which samples are accepted, ms; both are accepted themselves. */
  readonly oldLimit: number;
  readonly futureLimit: number;
  readonly admission: SeriesAdmission;
  readonly log: HeadLog;
  readonly sink: RejectionSink;
}

/** Receives refusals; called once for each refused sample. Of `count`, `histograms` are such. */
export interface RejectionSink {
  reject(reason: string, count: number, message: () => string, histograms?: number): void;
  /** Counts an exemplar that is not kept, which is no error of a push. */
  refuseExemplar?(reason: string): void;
}
