import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import type { QueryResult, QueryValue } from "#pkg/promql/mod.ts";
import { histogramJson } from "./histogram-json.ts";
import type { StatsLevel } from "./request.ts";
import { sampleText } from "./sample-text.ts";

/** Characters that are gathered before they are handed on. */
const PIECE_CHARS = 64 * 1024;

/** What stands beside the data of an answer. */
export interface Envelope {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** The answer to a query in pieces of text, Prometheus's JSON; never whole in memory. */
export function* queryJson(result: QueryResult, stats: StatsLevel): Generator<string> {
  const writer = new Pieces();
  writer.text += '{"status":"success","data":{"resultType":';
  yield* value(result.value, writer);
  if (stats !== "none") writer.text += `,"stats":${JSON.stringify(statsOf(result, stats))}`;
  if (result.plan) writer.text += `,"explain":${JSON.stringify(result.plan)}`;
  writer.text += `}${tail(result)}}`;
  yield writer.text;
}

function statsOf({ stats, value }: QueryResult, level: StatsLevel): unknown {
  const seconds = stats.evalMs / 1000;
  return {
    timings: {
      evalTotalTime: seconds,
      resultSortTime: 0,
      queryPreparationTime: stats.parseMs / 1000,
      innerEvalTime: seconds,
      execQueueTime: 0,
      execTotalTime: seconds + stats.parseMs / 1000,
    },
    samples: {
      ...(level === "all" && stats.samplesPerStep
        ? { totalQueryableSamplesPerStep: perStep(stats.samplesPerStep, value) }
        : {}),
      totalQueryableSamples: stats.totalSamples,
      peakSamples: stats.peakSamples,
    },
  };
}

/** Pairs of time, s, and samples. */
function perStep(samples: Float64Array, value: QueryValue): readonly (readonly [number, number])[] {
  const first = value.type === "matrix" ? value.startMs : "timeMs" in value ? value.timeMs : 0;
  const step = value.type === "matrix" ? value.stepMs : 0;
  return Array.from(samples, (count, i) => [(first + i * step) / 1000, count]);
}

/** Text that is handed on in pieces. */
export class Pieces {
  text = "";
  readonly labels = new LabelsJson();

  get due(): boolean {
    return this.text.length >= PIECE_CHARS;
  }

  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }
}

function* value(data: QueryValue, out: Pieces): Generator<string> {
  switch (data.type) {
    case "scalar":
      out.text += `"scalar","result":[${seconds(data.timeMs)},"${sampleText(data.value)}"]`;
      return;
    case "string":
      out.text += `"string","result":[${seconds(data.timeMs)},${JSON.stringify(data.value)}]`;
      return;
    case "vector": {
      out.text += '"vector","result":[';
      const time = seconds(data.timeMs);
      for (let i = 0; i < data.labels.length; i++) {
        const metric = out.labels.write(data.labels[i]!);
        const h = data.histograms?.[i];
        const sample = h
          ? `"histogram":[${time},${histogramJson(h)}]`
          : `"value":[${time},"${sampleText(data.values[i]!)}"]`;
        out.text += `${i > 0 ? "," : ""}{"metric":${metric},${sample}}`;
        if (out.due) yield out.take();
      }
      out.text += "]";
      return;
    }
    case "matrix": {
      out.text += '"matrix","result":[';
      const times = Array.from({ length: data.steps }, (_, i) =>
        seconds(data.startMs + i * data.stepMs),
      );
      let comma = "";
      for (const { labels, values, kinds, histograms } of data.series) {
        out.text += `${comma}{"metric":${out.labels.write(labels)}`;
        comma = ",";
        const points = new PointsJson(out);
        for (let i = 0; i < kinds.length; i++) {
          if (kinds[i] !== 0) points.add(times[i]!, values[i]!, histograms?.[i]);
        }
        points.end();
        if (out.due) yield out.take();
      }
      out.text += "]";
      return;
    }
    case "samples": {
      out.text += '"matrix","result":[';
      let comma = "";
      for (const { labels, timestamps, values, histograms } of data.series) {
        out.text += `${comma}{"metric":${out.labels.write(labels)}`;
        comma = ",";
        const points = new PointsJson(out);
        for (let i = 0; i < timestamps.length; i++) {
          points.add(seconds(timestamps[i]!), values[i]!, histograms?.[i]);
        }
        points.end();
        if (out.due) yield out.take();
      }
      out.text += "]";
    }
  }
}

/** Writes the samples of one series behind its labels: floats, then histograms. */
class PointsJson {
  readonly #out: Pieces;
  #hasFloats = false;
  #histograms = "";

  constructor(out: Pieces) {
    this.#out = out;
  }

  add(time: string, value: number, histogram: FloatHistogram | undefined): void {
    if (histogram !== undefined) {
      this.#histograms += `${this.#histograms === "" ? "" : ","}[${time},${histogramJson(histogram)}]`;
      return;
    }
    this.#out.text += `${this.#hasFloats ? "," : ',"values":['}[${time},"${sampleText(value)}"]`;
    this.#hasFloats = true;
  }

  end(): void {
    if (this.#hasFloats) this.#out.text += "]";
    if (this.#histograms !== "") this.#out.text += `,"histograms":[${this.#histograms}]`;
    this.#out.text += "}";
  }
}

/** Quoted strings that one answer remembers; most labels repeat from series to series. */
const QUOTED_MAX = 8192;

/** Writes label sets as JSON objects; one for each answer. */
class LabelsJson {
  readonly #quoted = new Map<string, string>();

  write(labels: Labels): string {
    let text = "{";
    for (let i = 0; i < labels.length; i += 2) {
      text += `${i > 0 ? "," : ""}${this.#quote(labels[i]!)}:${this.#quote(labels[i + 1]!)}`;
    }
    return `${text}}`;
  }

  #quote(value: string): string {
    let quoted = this.#quoted.get(value);
    if (quoted === undefined) {
      quoted = JSON.stringify(value);
      if (this.#quoted.size < QUOTED_MAX) this.#quoted.set(value, quoted);
    }
    return quoted;
  }
}

/** The end of an answer: its warnings and infos. */
export function tail({ warnings, infos }: Envelope): string {
  let text = "";
  if (warnings && warnings.length > 0) text += `,"warnings":${JSON.stringify(warnings)}`;
  if (infos && infos.length > 0) text += `,"infos":${JSON.stringify(infos)}`;
  return text;
}

/** A time in seconds with up to three decimals, as upstream writes it. */
export function seconds(ms: number): string {
  const whole = Math.trunc(ms / 1000);
  const rest = Math.abs(ms % 1000);
  const sign = ms < 0 && whole === 0 ? "-" : "";
  if (rest === 0) return `${sign}${whole}`;
  return `${sign}${whole}.${String(rest).padStart(3, "0")}`;
}
