import {
  canonicalLabelBytes,
  type DecodedExemplar,
  decodeExemplar,
  decodeLabels,
  type ScannedRequest,
} from "#pkg/remotewrite/mod.ts";
import type { LoggedExemplar } from "./exemplar-records.ts";
import type { Head } from "./head.ts";

/** What exemplars of one push are appended with. */
export interface ExemplarContext {
  /** How many the tenant may keep; 0: none are looked at. */
  readonly limit: number;
  readonly nowMs: number;
  readonly log: { exemplar(sequence: number, ref: number, exemplar: LoggedExemplar): void };
  /** Counts one that was refused; the word is a label of a metric. */
  readonly refuse: (reason: string) => void;
}

/**
 * Appends the exemplars of a request whose samples `head` has taken. They are an addition: what is
 * wrong with one is counted, and no error of the request.
 */
export function appendExemplars(
  head: Head,
  request: ScannedRequest,
  { limit, nowMs, log, refuse }: ExemplarContext,
): void {
  const { exemplars } = head;
  exemplars.resize(limit);
  if (limit === 0) return;
  const { exemplarAt } = request;
  const futureLimit = nowMs + head.options.creationGraceMs;
  let series = -1;
  let ref = -1;
  for (let k = 0; k < request.exemplarCount; k++) {
    if (exemplarAt[3 * k] !== series) {
      series = exemplarAt[3 * k]!;
      ref = seriesOf(head, request, series);
    }
    if (ref < 0) {
      refuse("exemplar_series_missing");
      continue;
    }
    const exemplar = decode(request.bytes, exemplarAt[3 * k + 1]!, exemplarAt[3 * k + 2]!);
    if (exemplar === undefined) refuse("exemplar_invalid");
    else if (exemplar.timestamp > futureLimit) refuse("exemplar_too_far_in_future");
    else {
      const sequence = exemplars.nextSequence;
      const status = exemplars.add(ref, () => head.labelsOf(ref), exemplar);
      if (status === "outOfOrder") refuse("exemplar_out_of_order");
      else if (status === "labelsTooLong") refuse("exemplar_labels_too_long");
      else if (status === "added") {
        const labelBytes = canonicalLabelBytes(exemplar.labels);
        log.exemplar(sequence, ref, { ...exemplar, labelBytes });
      }
    }
  }
}

/** The series of request entry `i` if the head has it, else -1. */
function seriesOf(head: Head, request: ScannedRequest, i: number): number {
  const known = request.refs[i]!;
  if (known >= 0) return known;
  const start = request.labelsStart[i]!;
  const end = request.labelsEnd[i]!;
  const { index } = head;
  // Nothing is to be learnt from it of the order in which senders send.
  index.restart();
  const found = index.findHash(request.hashLo[i]!, request.hashHi[i]!, request.view, start, end);
  if (found >= 0 || start === end) return found;
  try {
    const { labels, duplicate, isCanonical } = decodeLabels(request.bytes, start, end);
    if (isCanonical || duplicate !== undefined) return -1;
    return head.findLabels(canonicalLabelBytes(labels));
  } catch {
    // Such a series cannot be there.
    return -1;
  }
}

function decode(bytes: Uint8Array, start: number, end: number): DecodedExemplar | undefined {
  try {
    const exemplar = decodeExemplar(bytes, start, end);
    return exemplar.problem === undefined ? exemplar : undefined;
  } catch {
    // The message is none, which is a problem of this exemplar alone.
    return undefined;
  }
}
