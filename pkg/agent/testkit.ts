import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { FakeClock } from "#pkg/clock/mod.ts";
import { snappyDeclaredBytes, snappyDecode } from "#pkg/encoding/mod.ts";
import { formatSeries } from "#pkg/labels/mod.ts";
import {
  canonicalLabelBytes,
  decodeLabels,
  decodeMetadata,
  LabelHasher,
  type MetricMetadata,
  ScannedRequest,
} from "#pkg/remotewrite/mod.ts";
import type { AgentLog } from "./remote-write/log.ts";
import type { Sink } from "./remote-write/sink.ts";
import { SampleBatch, STALE_HI, STALE_LO } from "./scrape/batch.ts";
import { ScrapeCache } from "./scrape/cache.ts";

// Stand-ins for what an agent talks to; for tests only.

/** Moves the clock on by 1 ms at a time until `done`, while I/O goes on. */
export async function until(clock: FakeClock, done: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (done()) return;
    await clock.advance(1);
  }
  throw new Error("what was waited for did not happen");
}

/** Series with chosen labels in a cache, and scrapes of them for a log. */
export class LogFeeder {
  readonly cache = new ScrapeCache();
  readonly batch = new SampleBatch();

  /** Appends one sample of each of the series `a{i="0"}`, `a{i="1"}`, … `count`. */
  async feed(log: AgentLog, count: number, timestampMs: number, value: number): Promise<void> {
    this.batch.clear();
    const bits = new Uint32Array(Float64Array.of(value).buffer);
    for (let i = 0; i < count; i++) {
      const labels = canonicalLabelBytes(["__name__", "a", "i", String(i)]);
      this.batch.push(this.cache.seriesOf(labels), timestampMs, bits[1]!, bits[0]!);
    }
    await log.append(this.batch, this.cache);
  }
}

/** A received sample; `value` is `stale` for the marker. */
export interface ReceivedSample {
  readonly timestampMs: number;
  readonly value: number | "stale";
}

/** Everything that write requests held, by series. */
export class Received {
  readonly series = new Map<string, ReceivedSample[]>();
  readonly metadata = new Map<string, MetricMetadata>();
  sampleCount = 0;
  readonly #scanned = new ScannedRequest();
  readonly #hasher = new LabelHasher();

  /** Adds an uncompressed request. */
  add(body: Uint8Array): void {
    const request = this.#scanned;
    request.scan(body, 0, body.length, this.#hasher);
    for (let i = 0; i < request.seriesCount; i++) {
      const decoded = decodeLabels(request.bytes, request.labelsStart[i]!, request.labelsEnd[i]!);
      const name = formatSeries(decoded.labels);
      const samples = this.series.get(name) ?? [];
      this.series.set(name, samples);
      for (let s = request.sampleFrom[i]!; s < request.sampleFrom[i + 1]!; s++) {
        samples.push({ timestampMs: request.timestamps[s]!, value: sampleValue(request, s) });
        this.sampleCount++;
      }
    }
    for (let i = 0; i < request.metadataRanges.length; i += 2) {
      const [start, end] = [request.metadataRanges[i]!, request.metadataRanges[i + 1]!];
      const family = decodeMetadata(request.bytes, start, end);
      this.metadata.set(family.metric, family);
    }
  }

  /** Values of a series in the order they came. */
  values(series: string): (number | "stale")[] {
    return (this.series.get(series) ?? []).map(({ value }) => value);
  }
}

function sampleValue(request: ScannedRequest, i: number): number | "stale" {
  const lo = request.bits[2 * i]!;
  const hi = request.bits[2 * i + 1]!;
  if (hi === STALE_HI && lo === STALE_LO) return "stale";
  return new Float64Array(Uint32Array.of(lo, hi).buffer)[0]!;
}

/** A sink in this process that keeps what it gets. */
export class MemorySink implements Sink {
  readonly name = "memory";
  readonly received = new Received();
  /** Called before each delivery; may throw. */
  onSend: (attempt: number) => void | Promise<void> = () => undefined;

  async send(body: Uint8Array, _signal: AbortSignal, attempt = 0): Promise<void> {
    await this.onSend(attempt);
    this.received.add(body);
  }
}

/** What a server of these tests got. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** What it answers. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** An HTTP server on a free port of this machine. */
export class TestServer {
  readonly requests: SeenRequest[] = [];
  reply: (request: SeenRequest) => Reply | Promise<Reply>;
  readonly #server: Server;

  constructor(reply: (request: SeenRequest) => Reply | Promise<Reply>) {
    this.reply = reply;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const seen = {
          path: request.url ?? "",
          headers: request.headers,
          body: Buffer.concat(chunks),
        };
        this.requests.push(seen);
        const { status = 200, headers = {}, body = "" } = await this.reply(seen);
        response.writeHead(status, headers);
        response.end(body);
      });
    });
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  listen(): Promise<this> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve(this));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** A remote-write receiver; `status` says what it answers to the request with this number. */
export class TestReceiver extends TestServer {
  readonly received = new Received();

  constructor(status: (request: number) => number = () => 204) {
    super((request) => {
      const code = status(this.requests.length - 1);
      if (code < 300) {
        const body = new Uint8Array(snappyDeclaredBytes(request.body));
        this.received.add(body.subarray(0, snappyDecode(request.body, body)));
      }
      return { status: code, body: code < 300 ? "" : "no\n" };
    });
  }
}

/** A scrape target that exposes `text`. */
export class TestTarget extends TestServer {
  text = "";
  contentType = "text/plain; version=0.0.4";
  status = 200;

  constructor(text: string) {
    super(() => ({
      status: this.status,
      headers: { "content-type": this.contentType },
      body: this.text,
    }));
    this.text = text;
  }
}
