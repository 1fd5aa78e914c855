import type { Labels } from "#pkg/labels/mod.ts";
import type { QueryResult, QueryValue } from "#pkg/promql/mod.ts";
import type { StatsLevel } from "./request.ts";

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
        out.text += `${i > 0 ? "," : ""}{"metric":${metric},"value":[${time},"${sampleText(data.values[i]!)}"]}`;
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
      let first = true;
      for (const { labels, values, kinds } of data.series) {
        out.text += `${first ? "" : ","}{"metric":${out.labels.write(labels)},"values":[`;
        first = false;
        let comma = "";
        for (let i = 0; i < kinds.length; i++) {
          if (kinds[i] === 0) continue;
          out.text += `${comma}[${times[i]},"${sampleText(values[i]!)}"]`;
          comma = ",";
        }
        out.text += "]}";
        if (out.due) yield out.take();
      }
      out.text += "]";
      return;
    }
    case "samples": {
      out.text += '"matrix","result":[';
      let first = true;
      for (const { labels, timestamps, values } of data.series) {
        out.text += `${first ? "" : ","}{"metric":${out.labels.write(labels)},"values":[`;
        first = false;
        for (let i = 0; i < timestamps.length; i++) {
          out.text += `${i > 0 ? "," : ""}[${seconds(timestamps[i]!)},"${sampleText(values[i]!)}"]`;
        }
        out.text += "]}";
        if (out.due) yield out.take();
      }
      out.text += "]";
    }
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

/** A sample value: as ECMAScript writes numbers, which is upstream's rule too. */
export function sampleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return value === 0 && 1 / value < 0 ? "-0" : String(value);
}
