// Hot path: one sample of a record; about 20 ns, 0 B.
import { ByteReader, type ByteWriter } from "#pkg/encoding/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import type { SampleBatch } from "../scrape/batch.ts";
import type { ScrapeCache } from "../scrape/cache.ts";

// A record of the agent's log holds the samples of one scrape; see docs/agent.md.
//
//     1 (u8)  count of definitions (uvarint), each: length (uvarint), label bytes
//             count of samples (uvarint), base timestamp (i64), each:
//             reference minus the one before (varint), timestamp minus base (varint),
//             value bits (u32 high, u32 low)
//
// References are numbered from 0 in the order of definition within one segment, so that every
// segment can be read by itself and dropped without a trace.

/** The only kind of record so far. */
const SCRAPE_RECORD = 1;

/** Where the log is: what series it has defined in the segment that is written now. */
export interface SegmentRefs {
  /** Changes with every segment; from 1. */
  generation: number;
  /** Series defined in the segment. */
  count: number;
}

/** Appends a record with the samples of `batch`, defining series where the segment has not. */
export function encodeScrape(
  batch: SampleBatch,
  cache: ScrapeCache,
  refs: SegmentRefs,
  into: ByteWriter,
): void {
  into.u8(SCRAPE_RECORD);
  encodeDefinitions(batch, cache, refs, into);
  const base = batch.timestamps[0]!;
  into.uvarint(batch.count);
  into.i64(base);
  let before = 0;
  for (let i = 0; i < batch.count; i++) {
    const ref = cache.logRef[batch.series[i]!]!;
    into.varint(ref - before);
    into.varint(batch.timestamps[i]! - base);
    into.u32(batch.hi[i]!);
    into.u32(batch.lo[i]!);
    before = ref;
  }
}

function encodeDefinitions(
  batch: SampleBatch,
  cache: ScrapeCache,
  refs: SegmentRefs,
  into: ByteWriter,
): void {
  const { logGeneration, logRef, series: table } = cache;
  const first = refs.count;
  for (let i = 0; i < batch.count; i++) {
    const series = batch.series[i]!;
    if (logGeneration[series] === refs.generation) continue;
    logGeneration[series] = refs.generation;
    logRef[series] = refs.count++;
  }
  into.uvarint(refs.count - first);
  let next = first;
  for (let i = 0; i < batch.count && next < refs.count; i++) {
    const series = batch.series[i]!;
    if (logRef[series] !== next) continue;
    next++;
    const start = table.start[series]!;
    const end = table.start[series + 1]!;
    into.uvarint(end - start);
    into.raw(table.arena, start, end);
  }
}

/**
 * Cursor over one record: first all definitions, then all samples. Ill-formed bytes raise
 * `corruption`.
 */
export class ScrapeRecord {
  /** Label bytes of the definition, in `bytes`. */
  start = 0;
  end = 0;
  /** The sample. */
  ref = 0;
  timestampMs = 0;
  hi = 0;
  lo = 0;
  definitions = 0;
  samples = 0;
  bytes: Uint8Array = new Uint8Array(0);
  #reader = new ByteReader("agent log record", this.bytes);
  #base = 0;

  /** Starts at the record `bytes[start, end)`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.#reader = new ByteReader("agent log record", bytes, start, end);
    const kind = this.#reader.u8();
    if (kind !== SCRAPE_RECORD) throw new NarthexError("corruption", `agent log record ${kind}`);
    this.definitions = this.#reader.uvarint();
    this.samples = -1;
    this.ref = 0;
  }

  /** Moves to the next definition; false behind the last one. */
  nextDefinition(): boolean {
    if (this.definitions === 0) {
      this.samples = this.#reader.uvarint();
      this.#base = this.#reader.i64();
      return false;
    }
    this.definitions--;
    const length = this.#reader.uvarint();
    this.start = this.#reader.at;
    this.#reader.skip(length);
    this.end = this.#reader.at;
    return true;
  }

  /** Moves to the next sample; false behind the last one. */
  nextSample(): boolean {
    if (this.samples <= 0) return false;
    this.samples--;
    const reader = this.#reader;
    this.ref += reader.varint();
    this.timestampMs = this.#base + reader.varint();
    this.hi = reader.u32();
    this.lo = reader.u32();
    return true;
  }
}
