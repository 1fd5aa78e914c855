import { formatSeries } from "#pkg/labels/mod.ts";
import { canonicalLabelBytes, decodeLabels, type ScannedRequest } from "#pkg/remotewrite/mod.ts";
import type { Head } from "./head.ts";
import type { HeadLog, Rejection, RejectionSink, SeriesAdmission } from "./head-ports.ts";
import { tooLarge } from "./head-refusals.ts";
import type { PlainLabels } from "./plain-labels.ts";
import { ROW, ROW_MASK, ROW_WORDS, ROWS_PER_PAGE_BITS } from "./series-rows.ts";

/** A spelling of a known series that is longer is decoded each time. */
const SPELLING_BYTES_MAX = 16 * 1024;
/** Spellings that are kept beyond two for each series; a sender could make up any number. */
const SPELLINGS_SPARE = 1024;

/** What decides about a new series, and hears of it. */
export interface NewSeriesContext {
  readonly admission: SeriesAdmission;
  readonly log: HeadLog;
  readonly sink: RejectionSink;
  /** Samples of the series in the request, and how many of them are histograms. */
  readonly samples: number;
  readonly histograms: number;
}

/**
 * The series of request entry `i`, whose spelling was not known when it was scanned: found or created,
 * or -1 if it is refused.
 */
export function resolveSeries(
  head: Head,
  request: ScannedRequest,
  i: number,
  { admission, log, sink, samples, histograms }: NewSeriesContext,
): number {
  const start = request.labelsStart[i]!;
  const end = request.labelsEnd[i]!;
  const hash = { lo: request.hashLo[i]!, hi: request.hashHi[i]! };
  // It may have come twice in this request.
  const repeated = head.index.find(hash, request.view, start, end);
  if (repeated >= 0) return repeated;
  const plain = head.plainLabels;
  if (plain.parse(request.bytes, start, end, head.symbols)) {
    const range = { start, end };
    const refusal = tooLarge(range) ?? admission.admit(plain.labels, head.liveSeries);
    if (refusal !== undefined) {
      sink.reject(refusal.reason, samples, () => refusal.message, histograms);
      return -1;
    }
    const ref = addPlain(head, plain, request.bytes, { range, hash });
    log.series(ref, request.bytes, start, end);
    return ref;
  }
  const decoded = decodeLabels(request.bytes, start, end);
  const { labels } = decoded;
  let rejection: Rejection | undefined;
  if (decoded.duplicate !== undefined) {
    rejection = {
      reason: "duplicate_label_names",
      message: `duplicate label name: got "${decoded.duplicate}" twice, series: ${formatSeries(labels)}`,
    };
  } else if (decoded.invalidUtf8) {
    rejection = {
      reason: "label_invalid",
      message: `label name or value is not valid UTF-8, series: ${formatSeries(labels)}`,
    };
  }
  let canonical = request.bytes;
  let range = { start, end };
  if (rejection === undefined) {
    if (!decoded.isCanonical) {
      canonical = canonicalLabelBytes(labels);
      const known = head.findLabels(canonical);
      if (known >= 0) {
        addSpelling(head, hash, request.bytes, range, known);
        return known;
      }
      range = { start: 0, end: canonical.length };
    }
    rejection = tooLarge(range) ?? admission.admit(labels, head.liveSeries);
  }
  if (rejection !== undefined) {
    const { reason, message } = rejection;
    sink.reject(reason, samples, () => message, histograms);
    return -1;
  }
  const ref = head.addSeries(labels, canonical, range);
  log.series(ref, canonical, range.start, range.end);
  if (canonical !== request.bytes) {
    addSpelling(head, hash, request.bytes, { start, end }, ref);
  }
  return ref;
}

/** Makes a series known under other bytes too, as far as there is room for that. */
function addSpelling(
  head: Head,
  hash: { lo: number; hi: number },
  bytes: Uint8Array,
  range: { start: number; end: number },
  ref: number,
): void {
  if (range.end - range.start > SPELLING_BYTES_MAX) return;
  if (head.index.count >= 2 * head.liveSeries + SPELLINGS_SPARE) return;
  const words = head.rows.words[ref >>> ROWS_PER_PAGE_BITS]!;
  const word = (ref & ROW_MASK) * ROW_WORDS + ROW.entry;
  words[word] = head.index.add(hash, bytes, range, ref, words[word]!);
}

/** As `Head.addSeries`, of labels that were just parsed from `bytes[range)`, whose hash is known. */
function addPlain(
  head: Head,
  parsed: PlainLabels,
  bytes: Uint8Array,
  {
    range,
    hash,
  }: {
    readonly range: { start: number; end: number };
    readonly hash: { lo: number; hi: number };
  },
): number {
  const { count, labels, ids: known, entries } = parsed;
  const { symbols, postings } = head;
  const before = head.rows.length;
  const ref = head.rows.add();
  if (ref < before) head.reusedRefs.push(ref);
  const [ids, at] = head.allocLabels(ref, 2 * count);
  for (let i = 0; i < 2 * count; i++) {
    // Noted for the next series, which may repeat the label.
    if (known[i]! >= 0) symbols.use(known[i]!);
    else known[i] = symbols.intern(labels[i]!);
    ids[at + i] = known[i]!;
  }
  for (let k = 0; k < count; k++) {
    if (entries[k]! >= 0) postings.addTo(entries[k]!, ref);
    else entries[k] = postings.add(known[2 * k]!, known[2 * k + 1]!, ref);
  }
  const word = (ref & ROW_MASK) * ROW_WORDS + ROW.entry;
  head.rows.words[ref >>> ROWS_PER_PAGE_BITS]![word] = head.index.add(hash, bytes, range, ref);
  head.liveSeries++;
  head.seriesCreated++;
  return ref;
}
