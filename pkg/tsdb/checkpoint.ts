import { open } from "node:fs/promises";
import { yieldNow } from "#pkg/async/mod.ts";
import { ByteWriter } from "#pkg/encoding/mod.ts";
import { canonicalLabelBytes } from "#pkg/remotewrite/mod.ts";
import { segmentHeader, writeRecordHeader } from "#pkg/wlog/mod.ts";
import type { Head } from "./head.ts";
import { messageFor } from "./head-messages.ts";
import type { HeadReader } from "./head-read.ts";
import { PushRecords, RecordKind, writeSeries } from "./head-wal.ts";
import type { MetadataStore } from "./metadata.ts";
import {
  FLAG_DEAD,
  FLAG_NEWEST_DELETED,
  ROW,
  ROW_DOUBLES,
  ROW_MASK,
  ROW_WORDS,
  ROWS_PER_PAGE_BITS,
} from "./series-rows.ts";

/** Exemplars in one record. */
const EXEMPLARS_PER_RECORD = 1000;

/** Writes all that the head holds to the file `path`, in slices, and syncs it. */
export async function writeCheckpoint(
  path: string,
  head: Head,
  reader: HeadReader,
  metadata: MetadataStore,
): Promise<void> {
  // Those that come later may be of series that the loop has passed; they are in the log.
  const exemplarsEnd = head.exemplars.nextSequence;
  const file = await open(path, "w");
  try {
    await file.write(segmentHeader());
    const out = new ByteWriter(1024 * 1024);
    const records = new PushRecords();
    const frame = (bytes: Uint8Array, start: number, end: number): void => {
      const at = out.length;
      out.u64(0);
      out.raw(bytes, start, end);
      writeRecordHeader(out.bytes, at, end - start);
    };
    const flush = async (): Promise<void> => {
      await file.writeFile(out.view());
      out.clear();
    };
    const one = new ByteWriter(1024);
    for (let ref = 0; ref < head.rows.length; ref++) {
      const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
      const doubles = head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]!;
      if ((words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags]! & FLAG_DEAD) !== 0) continue;
      const labels = canonicalLabelBytes(head.labelsOf(ref));
      one.clear();
      one.u8(RecordKind.series);
      writeSeries(one, ref, labels, 0, labels.length);
      frame(one.bytes, 0, one.length);
      for (const chunk of reader.inOrderChunks(ref)) {
        one.clear();
        one.u8(RecordKind.chunk);
        one.uvarint(ref);
        one.u8(chunk.encoding);
        one.raw(chunk.bytes, chunk.start, chunk.end);
        frame(one.bytes, 0, one.length);
      }
      const lastT = doubles[(ref & ROW_MASK) * ROW_DOUBLES + ROW.lastT]!;
      if (Number.isFinite(lastT)) {
        one.clear();
        one.u8(RecordKind.state);
        one.uvarint(ref);
        one.i64(lastT);
        const word = (ref & ROW_MASK) * ROW_WORDS;
        one.u32(words[word + ROW.lastHi]! >>> 0);
        one.u32(words[word + ROW.lastLo]! >>> 0);
        frame(one.bytes, 0, one.length);
      }
      const newest = head.histograms.last(ref);
      if (newest !== undefined) {
        const { bytes, start, end } = messageFor(lastT, newest, false);
        one.clear();
        one.u8(RecordKind.histogramState);
        one.uvarint(ref);
        one.raw(bytes, start, end);
        frame(one.bytes, 0, one.length);
      }
      // A sample of that time may come again, as one out of order.
      const isDeleted =
        (words[(ref & ROW_MASK) * ROW_WORDS + ROW.flags]! & FLAG_NEWEST_DELETED) !== 0;
      if (isDeleted) {
        records.deletion(ref, lastT, lastT);
        records.drain(frame);
      }
      const run = head.starts.newest(ref);
      if (run !== undefined) records.start(ref, run.t, run.start);
      // What a cut has taken that could not write its blocks is held by nobody else.
      for (const late of [head.ooo.get(ref), head.cutOoo.get(ref)]) {
        late?.visit((t, hi, lo, histogram) => {
          if (histogram === undefined) records.outOfOrder(ref, t, hi, lo);
          else records.histogram(ref, messageFor(t, histogram, false), true);
        });
      }
      records.drain(frame);
      if (out.length > 1024 * 1024) {
        await flush();
        await yieldNow();
      }
    }
    let first = head.exemplars.nextSequence - head.exemplars.length;
    for (; first < exemplarsEnd; first += EXEMPLARS_PER_RECORD) {
      const end = Math.min(exemplarsEnd, first + EXEMPLARS_PER_RECORD);
      head.exemplars.visit(first, end, (sequence, { ref, labels }, exemplar) => {
        records.exemplar(sequence, ref >= 0 ? ref : canonicalLabelBytes(labels), exemplar);
      });
      records.drain(frame);
      await flush();
      await yieldNow();
    }
    metadata.encode(records);
    records.drain(frame);
    await flush();
    await file.sync();
  } finally {
    await file.close();
  }
}
