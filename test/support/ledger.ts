import { compressSync } from "snappy";
import { expect } from "vitest";
import { FloatHistogram } from "#pkg/histogram/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import { WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import { api } from "./compare.ts";

/** What became of a sample, as its sender knows it. */
export type Fate = "open" | "acknowledged" | "deleting" | "deleted";

interface Entry {
  fate: Fate;
  readonly value: number;
}

interface Write {
  readonly body: Uint8Array;
  readonly entries: readonly Entry[];
}

/** Samples of one series by time, ms. */
type SeriesLedger = Map<number, Entry>;

export interface LedgerOptions {
  /** Base of the server's API, `http://host:port`. */
  readonly url: string;
  readonly random: Random;
  /** Series of one writer that are sent at a time; each fourth is of native histograms. */
  readonly series: number;
  /** Sample time from one request to the next, ms. */
  readonly stepMs: number;
  readonly startMs: number;
  /** Writers side by side, each with series of its own. @default 1 */
  readonly writers?: number;
  /** Requests after which a writer has other series. @default never */
  readonly churnEvery?: number;
  /** Farthest that a sample is sent out of order, ms. @default 0: none is */
  readonly lateMs?: number;
  readonly tenant?: string;
}

/**
 * Sends samples as an agent does, and keeps a book of what was acknowledged: that must be there,
 * with its value, once; what was sent without an answer may be.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #series = new Map<string, SeriesLedger>();
  readonly #writers: Writer[];
  acknowledged = 0;
  refusals = 0;
  /** The last answer that was no success. */
  lastError = "";
  #stopped = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    const count = options.writers ?? 1;
    this.#writers = Array.from({ length: count }, (_, i) => new Writer(this, options, i));
  }

  get headers(): Record<string, string> {
    return this.#options.tenant === undefined ? {} : { "X-Scope-OrgID": this.#options.tenant };
  }

  /** The newest sample time sent, ms. */
  get newestMs(): number {
    return Math.max(...this.#writers.map(({ t }) => t));
  }

  book(series: string): SeriesLedger {
    let ledger = this.#series.get(series);
    if (ledger === undefined) this.#series.set(series, (ledger = new Map()));
    return ledger;
  }

  /** Sends until `stop`. A request without an answer is sent again, or sometimes given up. */
  run(): Promise<unknown> {
    this.#stopped = false;
    return Promise.all(this.#writers.map((writer) => writer.run(() => this.#stopped)));
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Sends one request of each writer; true if all were acknowledged. */
  async sendOnce(): Promise<boolean> {
    const sent = await Promise.all(this.#writers.map((writer) => writer.sendOnce()));
    return sent.every(Boolean);
  }

  async post(write: Write): Promise<boolean> {
    try {
      const response = await fetch(`${this.#options.url}/api/v1/push`, {
        method: "POST",
        body: compressSync(Buffer.from(write.body)) as Buffer<ArrayBuffer>,
        headers: {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          ...this.headers,
        },
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.status === 400) throw new Error(`unexpected refusal: ${text}`);
      if (response.status !== 204) {
        this.refusals++;
        this.lastError = `${response.status} ${text}`;
        return false;
      }
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("unexpected")) throw error;
      return false;
    }
    for (const entry of write.entries) {
      if (entry.fate === "open") entry.fate = "acknowledged";
      this.acknowledged++;
    }
    return true;
  }

  /** Generations of which nothing is sent any more, oldest first. */
  finishedGenerations(): number {
    return Math.min(...this.#writers.map(({ generation }) => generation)) - 1;
  }

  /** Deletes all series of a generation; what happens to them without an answer is open. */
  async delete(generation: number): Promise<boolean> {
    const selector = `{generation="${generation}"}`;
    const own = [...this.#series].filter(([key]) => key.endsWith(` ${generation}`));
    for (const [, ledger] of own) for (const entry of ledger.values()) entry.fate = "deleting";
    const query = new URLSearchParams({ "match[]": selector });
    const url = `${this.#options.url}/api/v1/admin/tsdb/delete_series?${query}`;
    try {
      const response = await fetch(url, { method: "POST", headers: this.headers });
      await response.arrayBuffer();
      if (response.status !== 204) return false;
    } catch {
      return false;
    }
    for (const [, ledger] of own) for (const entry of ledger.values()) entry.fate = "deleted";
    return true;
  }

  /** Compares what is stored from `sinceMs` on with the book; returns how many samples were right. */
  async check(sinceMs = 0): Promise<number> {
    const { url, startMs } = this.#options;
    const from = Math.max(startMs - 3_600_000, sinceMs);
    const problems: string[] = [];
    let right = 0;
    const left = new Map<string, Set<number>>();
    for (const [key, ledger] of this.#series) {
      const times = [...ledger].filter(([t, { fate }]) => t > from && fate === "acknowledged");
      if (times.length > 0) left.set(key, new Set(times.map(([t]) => t)));
    }
    const end = this.newestMs + 1000;
    const step = 1_800_000;
    for (let to = from + step; to < end + step; to += step) {
      const got = await stored(
        url,
        Math.min(to, end),
        Math.min(step, end - to + step),
        this.headers,
      );
      for (const [key, samples] of got) {
        const ledger = this.#series.get(key);
        for (const [t, value] of samples) {
          const entry = ledger?.get(t);
          if (entry === undefined) problems.push(`${key}@${t}: ${value} was never sent`);
          else if (entry.value !== value)
            problems.push(`${key}@${t}: ${value}, not ${entry.value}`);
          else if (entry.fate === "deleted") problems.push(`${key}@${t} was deleted`);
          else right++;
          left.get(key)?.delete(t);
        }
      }
    }
    for (const [key, times] of left) for (const t of times) problems.push(`${key}@${t} is lost`);
    expect(problems.slice(0, 20), `${problems.length} problems`).toEqual([]);
    return right;
  }
}

/** One connection's worth of requests, one after another. */
class Writer {
  readonly #ledger: Ledger;
  readonly #options: LedgerOptions;
  readonly #index: number;
  #pending: Write | undefined;
  #sent = 0;
  generation = 0;
  t: number;

  constructor(ledger: Ledger, options: LedgerOptions, index: number) {
    this.#ledger = ledger;
    this.#options = options;
    this.#index = index;
    this.t = options.startMs;
  }

  async run(isStopped: () => boolean): Promise<void> {
    while (!isStopped()) await this.sendOnce();
    if (this.#options.random() < 0.5) this.#pending = undefined;
  }

  async sendOnce(): Promise<boolean> {
    this.#pending ??= this.#next();
    const isTaken = await this.#ledger.post(this.#pending);
    if (isTaken) this.#pending = undefined;
    return isTaken;
  }

  #next(): Write {
    const { random, series, stepMs, churnEvery = 0, lateMs = 0 } = this.#options;
    const builder = new WriteRequestBuilder();
    const entries: Entry[] = [];
    this.t += stepMs;
    if (churnEvery > 0 && ++this.#sent % churnEvery === 0) this.generation++;
    for (let i = 0; i < series; i++) {
      if (random() < 0.1) continue;
      this.#sample(builder, i, this.t, entries);
      // A time between those of the others.
      const late = this.t - Math.floor(random() * lateMs);
      if (lateMs > 0 && random() < 0.1) this.#sample(builder, i, late, entries);
    }
    return { body: builder.view().slice(), entries };
  }

  #sample(builder: WriteRequestBuilder, i: number, t: number, entries: Entry[]): void {
    const isHistogram = i % 4 === 3;
    const object = {
      __name__: `kept_${i % 5}`,
      generation: String(this.generation),
      instance: `host-${this.#index}-${i}`,
      kind: isHistogram ? "histogram" : "float",
    };
    const ledger = this.#ledger.book(`${object.instance} ${this.generation}`);
    // The same, whenever it is sent.
    const value = (((t % 1e9) * 7919) % 1_000_003) + i / 7;
    let entry = ledger.get(t);
    if (entry === undefined) ledger.set(t, (entry = { fate: "open", value }));
    entries.push(entry);
    const labels = labelsFromObject(object);
    if (isHistogram) {
      const h = Object.assign(new FloatHistogram(), { count: 3, sum: value, schema: 2 });
      h.positiveSpans = Int32Array.of(i, 1);
      h.positiveBuckets = Float64Array.of(3);
      builder.histogram(labels, t, h, true);
      return;
    }
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value);
    builder.sample(labels, t, bits.getUint32(0), bits.getUint32(4));
  }
}

type Point = readonly [number, string];
interface Matrix {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly values?: readonly Point[];
    readonly histograms?: readonly (readonly [number, { readonly sum: string }])[];
  }[];
}

/** Samples in `(to - span, to]`, ms, by series; each time of a series must come once. */
async function stored(
  url: string,
  toMs: number,
  spanMs: number,
  headers: Record<string, string>,
): Promise<Map<string, Map<number, number>>> {
  const query = `{__name__=~"kept_.*"}[${spanMs}ms]`;
  const params = { query, time: String(toMs / 1000) };
  const { result } = await api<Matrix>(`${url}/prometheus`, "query", params, headers);
  const out = new Map<string, Map<number, number>>();
  for (const { metric, values = [], histograms = [] } of result) {
    const key = `${metric["instance"]} ${metric["generation"]}`;
    const samples = out.get(key) ?? new Map<number, number>();
    out.set(key, samples);
    const points = [
      ...values.map(([t, text]) => [t, Number(text)] as const),
      ...histograms.map(([t, { sum }]) => [t, Number(sum)] as const),
    ];
    for (const [t, value] of points) {
      const ms = Math.round(t * 1000);
      if (samples.has(ms)) throw new Error(`${key}@${ms} came twice`);
      samples.set(ms, value);
    }
  }
  return out;
}
