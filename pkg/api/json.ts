import type { Labels } from "#pkg/labels/mod.ts";
import { type Envelope, Pieces, tail } from "#pkg/query-eval/mod.ts";

/** An answer whose data is small enough to be made at once. */
export function successJson(data: unknown, envelope: Envelope = {}): string {
  return `{"status":"success","data":${JSON.stringify(data)}${tail(envelope)}}`;
}

/** A list of label sets in pieces. */
export function* seriesJson(series: Iterable<Labels>, envelope: () => Envelope): Generator<string> {
  const out = new Pieces();
  out.text += '{"status":"success","data":[';
  let comma = "";
  for (const labels of series) {
    out.text += comma + out.labels.write(labels);
    comma = ",";
    if (out.due) yield out.take();
  }
  out.text += `]${tail(envelope())}}`;
  yield out.text;
}
