import type { SeriesExemplars } from "#pkg/exemplar/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { type Envelope, Pieces, sampleText, seconds, tail } from "#pkg/query-eval/mod.ts";

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

/** The answer to a query for exemplars, in pieces. */
export function* exemplarsJson(series: Iterable<SeriesExemplars>): Generator<string> {
  const out = new Pieces();
  out.text += '{"status":"success","data":[';
  let comma = "";
  for (const { labels, exemplars } of series) {
    out.text += `${comma}{"seriesLabels":${out.labels.write(labels)},"exemplars":[`;
    comma = ",";
    for (const [i, { labels: own, value, timestamp }] of exemplars.entries()) {
      const text = `"value":"${sampleText(value)}","timestamp":${seconds(timestamp)}`;
      out.text += `${i > 0 ? "," : ""}{"labels":${out.labels.write(own)},${text}}`;
      if (out.due) yield out.take();
    }
    out.text += "]}";
  }
  out.text += "]}";
  yield out.text;
}
