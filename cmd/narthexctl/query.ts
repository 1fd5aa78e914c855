import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { formatLabels, formatSeries, labelsFromObject } from "#pkg/labels/mod.ts";
import type { Io } from "./io.ts";

/** Options that every query takes. */
export interface QueryOptions {
  readonly tenant?: string;
  readonly json?: boolean;
}

type Sample = readonly [time: number, value: string];
/** A native histogram as the API gives it; the rule says which ends of a bucket count. */
interface Histogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [
    rule: number,
    lower: string,
    upper: string,
    count: string,
  ])[];
}
type HistogramSample = readonly [time: number, histogram: Histogram];
type Metric = Readonly<Record<string, string>>;

type QueryData =
  | { resultType: "scalar" | "string"; result: Sample }
  | {
      resultType: "vector";
      result: readonly { metric: Metric; value?: Sample; histogram?: HistogramSample }[];
    }
  | {
      resultType: "matrix";
      result: readonly {
        metric: Metric;
        values?: readonly Sample[];
        histograms?: readonly HistogramSample[];
      }[];
    };

const RANGE_MS = 5 * 60_000;
const STEPS = 250;

/** `query instant`. Times in ms. */
export async function instant(
  server: string,
  expr: string,
  options: QueryOptions & { time?: number },
  io: Io,
): Promise<void> {
  const params = new URLSearchParams({ query: expr });
  if (options.time !== undefined) params.set("time", seconds(options.time));
  const data = await ask(server, "query", params, options, io);
  await printData(data as QueryData, options, io);
}

/** `query range`. Times in ms. */
export async function range(
  server: string,
  expr: string,
  options: QueryOptions & { start?: number; end?: number; step?: number },
  io: Io,
): Promise<void> {
  const end = options.end ?? io.clock.now();
  const start = options.start ?? end - RANGE_MS;
  if (start > end) throw new NarthexError("bad_data", "--start is after --end");
  const step = options.step ?? Math.max(1000, Math.floor((end - start) / STEPS / 1000) * 1000);
  const params = new URLSearchParams({
    query: expr,
    start: seconds(start),
    end: seconds(end),
    step: seconds(step),
  });
  const data = await ask(server, "query_range", params, options, io);
  await printData(data as QueryData, options, io);
}

/** `query series`. */
export async function series(
  server: string,
  selectors: readonly string[],
  options: QueryOptions & { start?: number; end?: number },
  io: Io,
): Promise<void> {
  const params = selection(selectors, options);
  const data = (await ask(server, "series", params, options, io)) as readonly Metric[];
  await print(data, options, io, (metric) => formatLabels(labelsFromObject(metric)));
}

/** `query labels`: the values of `name`, or all names. */
export async function labels(
  server: string,
  name: string | undefined,
  options: QueryOptions & { match?: readonly string[]; start?: number; end?: number },
  io: Io,
): Promise<void> {
  const params = selection(options.match ?? [], options);
  const path = name === undefined ? "labels" : `label/${encodeURIComponent(name)}/values`;
  const data = (await ask(server, path, params, options, io)) as readonly string[];
  await print(data, options, io, (word) => word);
}

function selection(
  selectors: readonly string[],
  range: { start?: number; end?: number },
): URLSearchParams {
  const params = new URLSearchParams();
  for (const selector of selectors) params.append("match[]", selector);
  if (range.start !== undefined) params.set("start", seconds(range.start));
  if (range.end !== undefined) params.set("end", seconds(range.end));
  return params;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}

/** Asks the query API; resolves with `data`. Warnings go to standard error. */
async function ask(
  server: string,
  path: string,
  params: URLSearchParams,
  options: QueryOptions,
  io: Io,
): Promise<unknown> {
  const url = apiUrl(server, path);
  url.search = params.toString();
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.tenant !== undefined) headers["x-scope-orgid"] = options.tenant;
  let status: number;
  let text: string;
  try {
    const response = await io.fetch(url, { headers });
    status = response.status;
    text = await response.text();
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    throw new NarthexError("unavailable", `ask ${url.origin}: ${messageOf(cause)}`, { cause });
  }
  const answer = decode(text);
  if (answer === undefined) {
    const line = text.split("\n")[0]!.slice(0, 200);
    throw new NarthexError("bad_data", `${url.origin}${url.pathname} answered ${status}: ${line}`);
  }
  if (answer.status !== "success") {
    throw new NarthexError("execution", `query error: ${answer.errorType}: ${answer.error}`);
  }
  for (const warning of answer.warnings ?? []) io.err(`warning: ${warning}\n`);
  for (const info of answer.infos ?? []) io.err(`info: ${info}\n`);
  return answer.data;
}

function apiUrl(server: string, path: string): URL {
  try {
    const url = new URL(server.includes("://") ? server : `http://${server}`);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/v1/${path}`;
    return url;
  } catch {
    throw new NarthexError("bad_data", `want a URL such as http://127.0.0.1:9009, got "${server}"`);
  }
}

interface Answer {
  readonly status: string;
  readonly data?: unknown;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** The answer, or undefined if this is none of a query API. */
function decode(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "status" in answer
      ? (answer as Answer)
      : undefined;
  } catch {
    return undefined;
  }
}

async function printData(data: QueryData, options: QueryOptions, io: Io): Promise<void> {
  if (options.json) {
    await io.out(`${JSON.stringify(data)}\n`);
    return;
  }
  switch (data.resultType) {
    case "string":
      await io.out(`${data.result[1]}\n`);
      return;
    case "scalar":
      await io.out(`scalar: ${formatSample(data.result)}\n`);
      return;
    case "vector":
      for (const { metric, value, histogram } of data.result) {
        const sample = value ? formatSample(value) : formatHistogramSample(histogram!);
        await io.out(`${formatMetric(metric)} => ${sample}\n`);
      }
      return;
    case "matrix":
      for (const { metric, values, histograms } of data.result) {
        const samples: (readonly [number, string])[] = [
          ...(values ?? []).map((sample) => [sample[0], formatSample(sample)] as const),
          ...(histograms ?? []).map((h) => [h[0], formatHistogramSample(h)] as const),
        ];
        samples.sort((a, b) => a[0] - b[0]);
        const lines = samples.map(([, text]) => `${text}\n`);
        await io.out(`${formatMetric(metric)} =>\n${lines.join("")}`);
      }
      return;
    default:
      throw new NarthexError("bad_data", "the server answered with an unknown type of result");
  }
}

function formatMetric(metric: Metric): string {
  return formatSeries(labelsFromObject(metric));
}

function formatSample([time, value]: Sample): string {
  return `${value} @[${time}]`;
}

function formatHistogramSample([time, { count, sum, buckets = [] }]: HistogramSample): string {
  const parts = buckets.map(([rule, lower, upper, inBucket]) => {
    const left = rule === 1 || rule === 3 ? "[" : "(";
    const right = rule === 0 || rule === 3 ? "]" : ")";
    return `${left}${lower},${upper}${right}:${inBucket}`;
  });
  return `{${[`count:${count}`, `sum:${sum}`, ...parts].join(", ")}} @[${time}]`;
}

async function print<T>(
  items: readonly T[],
  options: QueryOptions,
  io: Io,
  format: (item: T) => string,
): Promise<void> {
  if (options.json) await io.out(`${JSON.stringify(items)}\n`);
  else for (const item of items) await io.out(`${format(item)}\n`);
}
