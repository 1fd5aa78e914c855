import { Backoff, linkSignals, Pacer, sleep } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { codeOf, type ErrorCode, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import { type RelabelConfig, Relabeller } from "#pkg/relabel/mod.ts";
import { type MetricMetadata, WriteRequestBuilder } from "#pkg/remotewrite/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import type { MetadataConfig, QueueConfig } from "../config/remote-write-config.ts";
import type { AgentMetrics } from "../metrics.ts";
import type { AgentLog, LogPosition } from "./log.ts";
import { Progress } from "./progress.ts";
import { LogReader, ReadResult } from "./reader.ts";
import { ScrapeRecord } from "./record.ts";
import { desiredShards, ShardLoad } from "./resharding.ts";
import { DROPPED_SERIES, RemoteSeries } from "./series.ts";
import { Shard, type ShardBatch } from "./shard.ts";
import type { Sink } from "./sink.ts";

/** What one remote needs. */
export interface RemoteQueueInit {
  readonly sink: Sink;
  /** For metrics; `""` where the sink has none. */
  readonly url: string;
  readonly queue: QueueConfig;
  readonly metadata: MetadataConfig;
  readonly externalLabels: Labels;
  readonly relabel: readonly RelabelConfig[];
  readonly position: LogPosition;
  readonly families: () => Iterable<MetricMetadata>;
}

/** What all remotes of an agent share. */
export interface RemoteQueueContext {
  readonly log: AgentLog;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: AgentMetrics;
  readonly logger: Logger;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "unavailable",
  "timeout",
  "internal",
  "rate_limited",
  "canceled",
]);
const RESHARD_INTERVAL_MS = 10_000;
/** Drops are logged at most this often; metrics count all. */
const LOG_INTERVAL_MS = 10_000;
const METADATA_ATTEMPTS = 3;
const READ_RETRY_MS = 5_000;
/** A receiver may ask for this much patience; one that asks for a year made a mistake. */
const RETRY_AFTER_MS_MAX = 10 * 60_000;

/** Reads the log and delivers it to one sink, at least once and in order per series. */
export class RemoteQueue {
  readonly name: string;
  readonly #init: RemoteQueueInit;
  readonly #context: RemoteQueueContext;
  readonly #labels: { remote_name: string; url: string };
  readonly #progress: Progress;
  readonly #series: RemoteSeries;
  readonly #record = new ScrapeRecord();
  readonly #life = linkSignals();
  /** Of the reader and of the metadata sender, which end before the shards do. */
  readonly #reading = linkSignals();
  readonly #load = new ShardLoad();
  #shards: Shard[] = [];
  #running: Promise<void>[] = [];
  #work: Promise<unknown> = Promise.resolve();
  /** Records up to here were handed to shards, by this run or an earlier one. */
  #resume: LogPosition;
  #caughtUp = false;
  #quietUntilMs = 0;
  #unloggedDrops = 0;

  constructor(init: RemoteQueueInit, context: RemoteQueueContext) {
    this.#init = init;
    this.#context = context;
    this.name = init.sink.name;
    this.#labels = { remote_name: this.name, url: init.url };
    this.#progress = new Progress(init.position);
    this.#resume = init.position;
    this.#series = new RemoteSeries(init.externalLabels, new Relabeller(init.relabel));
  }

  /** Everything before it was delivered or given up. */
  get position(): LogPosition {
    return this.#progress.position;
  }

  /** Starts to read and to send. */
  start(): void {
    const { metrics } = this.#context;
    const { queue, metadata } = this.#init;
    metrics.shardsMin.set(this.#labels, queue.minShards);
    metrics.shardsMax.set(this.#labels, queue.maxShards);
    metrics.shardCapacity.set(this.#labels, queue.capacity);
    this.#startShards(queue.minShards);
    const { signal } = this.#reading;
    this.#work = Promise.all([
      this.#readForever(signal),
      metadata.send ? this.#sendMetadataForever(signal) : undefined,
    ]);
  }

  /** Sends what the log holds, for up to `graceMs`, then ends. */
  async stop(graceMs: number): Promise<void> {
    if (graceMs > 0) await this.#sendRest(graceMs);
    this.#reading.abort(stopped());
    this.#life.abort(stopped());
    for (const shard of this.#shards) shard.end();
    await this.#work;
    await Promise.all(this.#running);
  }

  async #sendRest(graceMs: number): Promise<void> {
    const { clock } = this.#context;
    const timer = clock.setTimeout(() => this.#life.abort(stopped()), graceMs);
    while (!this.#life.signal.aborted && !(this.#caughtUp && this.#progress.openCount === 0)) {
      for (const shard of this.#shards) shard.flush();
      await sleep(10, undefined, clock);
    }
    timer.cancel();
  }

  #startShards(count: number): void {
    const { queue } = this.#init;
    const { clock, metrics } = this.#context;
    this.#shards = Array.from(
      { length: count },
      () =>
        new Shard({
          clock,
          maxSamplesPerSend: queue.maxSamplesPerSend,
          readyMax: Math.max(1, Math.floor(queue.capacity / queue.maxSamplesPerSend)),
          batchSendDeadlineMs: queue.batchSendDeadlineMs,
          deliver: (batch) => this.#deliver(batch),
        }),
    );
    this.#running = this.#shards.map((shard) => shard.run());
    metrics.shards.set(this.#labels, count);
  }

  async #readForever(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#context;
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.error({ err: error, remote: this.name }, "log not read, trying again");
        await sleep(READ_RETRY_MS, signal, clock).catch(() => undefined);
      }
    }
  }

  /** Reads from `#resume` on. */
  async #read(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#context;
    this.#series.clear();
    const reader = new LogReader(log, this.#resume, (path, offset) => this.#onDamage(path, offset));
    const pacer = new Pacer(clock);
    let reshardMs = clock.monotonic() + RESHARD_INTERVAL_MS;
    try {
      while (!signal.aborted) {
        const { commits } = log;
        const result = await reader.next();
        if (result === ReadResult.segment) this.#series.clear();
        else if (result === ReadResult.record) await this.#onRecord(reader, signal, pacer);
        else await this.#waitForCommit(commits, signal);
        if (clock.monotonic() >= reshardMs) {
          reshardMs = clock.monotonic() + RESHARD_INTERVAL_MS;
          await this.#reshard(signal);
        }
      }
    } finally {
      await reader.close();
    }
  }

  #onDamage(path: string, offset: number): void {
    const { metrics, logger } = this.#context;
    metrics.logCorruptions.inc();
    logger.warn({ path, offset, remote: this.name }, "log segment has a broken tail");
  }

  /** Waits for a commit after the one with the number `seen`, or for the next look at the load. */
  async #waitForCommit(seen: number, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#context;
    if (log.commits !== seen) return;
    this.#caughtUp = true;
    const wait = linkSignals(signal);
    const undo = log.onCommit(() => wait.abort());
    await sleep(RESHARD_INTERVAL_MS, wait.signal, clock).catch(() => undefined);
    undo();
    wait.dispose();
    this.#caughtUp = false;
  }

  async #onRecord(reader: LogReader, signal: AbortSignal, pacer: Pacer): Promise<void> {
    const end = { segment: reader.segment, offset: reader.offset };
    try {
      await this.#enqueueRecord(reader, end, { signal, pacer });
    } catch (error) {
      if (codeOf(error) !== "corruption") throw error;
      // Its checksum was right, so a later version wrote it; what follows may rest on it.
      this.#onDamage(`segment ${reader.segment}`, reader.offset);
      reader.skipSegment();
    }
    if (!signal.aborted && isAfter(end, this.#resume)) this.#resume = end;
  }

  async #enqueueRecord(
    reader: LogReader,
    end: LogPosition,
    { signal, pacer }: { signal: AbortSignal; pacer: Pacer },
  ): Promise<void> {
    const record = this.#record;
    record.reset(reader.bytes, reader.start, reader.end);
    while (record.nextDefinition()) {
      this.#series.define(record.bytes, record.start, record.end);
      if (pacer.due()) await pacer.yield();
    }
    if (!isAfter(end, this.#resume)) return;
    const ticket = this.#progress.begin(end);
    try {
      while (record.nextSample()) {
        if (record.ref >= this.#series.count) {
          throw new NarthexError("corruption", `series ${record.ref} is not defined`);
        }
        if (!this.#enqueue(ticket)) await this.#enqueueSlowly(ticket, signal);
        if (signal.aborted) return;
        if (pacer.due()) await pacer.yield();
      }
    } finally {
      // A record that is cut off by the end of the queue stays open and is read again.
      if (!signal.aborted) this.#progress.settle(ticket, 1);
    }
    this.#load.highestMs = Math.max(this.#load.highestMs, record.timestampMs);
  }

  /** Gives the record's sample to its shard; false if that has no room. */
  #enqueue(ticket: number): boolean {
    const record = this.#record;
    const series = this.#series;
    const end = series.end[record.ref]!;
    if (end === DROPPED_SERIES) return true;
    const shard = this.#shards[series.hash[record.ref]! % this.#shards.length]!;
    const labels = { bytes: series.bytes, start: series.start[record.ref]!, end };
    if (!shard.add(labels, record, ticket)) return false;
    this.#progress.add(ticket, 1);
    return true;
  }

  async #enqueueSlowly(ticket: number, signal: AbortSignal): Promise<void> {
    const shard = this.#shards[this.#series.hash[this.#record.ref]! % this.#shards.length]!;
    do {
      await shard.room();
      if (signal.aborted) return;
    } while (!this.#enqueue(ticket));
  }

  /** Sends one batch until it is delivered or refused; rejects when the queue ends first. */
  async #deliver(batch: ShardBatch): Promise<void> {
    const { signal } = this.#life;
    const { clock, metrics, random } = this.#context;
    const { minBackoffMs, maxBackoffMs } = this.#init.queue;
    const backoff = new Backoff({ minMs: minBackoffMs, maxMs: maxBackoffMs, random });
    const began = clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      if (signal.aborted) throw stopped();
      const body = this.#fresh(batch);
      if (body.sampleCount === 0) break;
      const timer = metrics.sendDuration.startTimer(this.#labels);
      try {
        await this.#init.sink.send(body.bytes, signal, attempt);
        metrics.samples.inc(this.#labels, body.sampleCount);
        metrics.bytes.inc(this.#labels, body.bytes.length);
        metrics.highestSent.set(this.#labels, batch.timestamps[batch.count - 1]! / 1000);
        break;
      } catch (error) {
        if (signal.aborted) throw stopped();
        if (!RETRYABLE.has(codeOf(error))) {
          this.#onRefused(error, body.sampleCount);
          break;
        }
        metrics.samplesRetried.inc(this.#labels, body.sampleCount);
        await this.#pause(error, backoff, attempt);
      } finally {
        timer();
      }
    }
    this.#load.sent(batch.count, clock.monotonic() - began);
    this.#settle(batch);
  }

  /** The body of `batch` without samples that are too old by now. */
  #fresh(batch: ShardBatch): { bytes: Uint8Array; sampleCount: number } {
    const { sampleAgeLimitMs } = this.#init.queue;
    const bytes = batch.builder.view();
    if (sampleAgeLimitMs === 0) return { bytes, sampleCount: batch.count };
    const oldest = this.#context.clock.now() - sampleAgeLimitMs;
    const parts: Uint8Array[] = [];
    for (let i = 0; i < batch.count; i++) {
      if (batch.timestamps[i]! < oldest) continue;
      parts.push(bytes.subarray(i === 0 ? 0 : batch.ends[i - 1]!, batch.ends[i]!));
    }
    if (parts.length === batch.count) return { bytes, sampleCount: batch.count };
    const old = batch.count - parts.length;
    this.#context.metrics.samplesDropped.inc({ ...this.#labels, reason: "too_old" }, old);
    return { bytes: Buffer.concat(parts), sampleCount: parts.length };
  }

  async #pause(error: unknown, backoff: Backoff, attempt: number): Promise<void> {
    const { clock, logger } = this.#context;
    const told = error instanceof NarthexError ? error.detail["retryAfterMs"] : undefined;
    const wanted = typeof told === "number" ? Math.min(told, RETRY_AFTER_MS_MAX) : 0;
    const delay = Math.max(backoff.next(), wanted);
    if (this.#mayLog()) {
      logger.warn(
        { remote: this.name, err: messageOf(error), attempt, retryInMs: Math.round(delay) },
        "samples not delivered, trying again",
      );
    }
    await sleep(delay, this.#life.signal, clock);
  }

  #onRefused(error: unknown, count: number): void {
    this.#context.metrics.samplesFailed.inc(this.#labels, count);
    this.#unloggedDrops += count;
    if (!this.#mayLog()) return;
    this.#context.logger.error(
      { remote: this.name, err: messageOf(error), samples: this.#unloggedDrops },
      "samples refused by the receiver",
    );
    this.#unloggedDrops = 0;
  }

  #mayLog(): boolean {
    const now = this.#context.clock.monotonic();
    if (now < this.#quietUntilMs) return false;
    this.#quietUntilMs = now + LOG_INTERVAL_MS;
    return true;
  }

  #settle(batch: ShardBatch): void {
    const { tickets, count } = batch;
    for (let i = 0; i < count; ) {
      const ticket = tickets[i]!;
      let next = i + 1;
      while (next < count && tickets[next] === ticket) next++;
      this.#progress.settle(ticket, next - i);
      i = next;
    }
    // The shard counts the batch until this returns.
    this.#context.metrics.samplesPending.set(this.#labels, this.#pending() - count);
  }

  #pending(): number {
    let sum = 0;
    for (const shard of this.#shards) sum += shard.pending;
    return sum;
  }

  /** Changes how many shards there are, if the load asks for it; all are idle in between, so that
   * no series overtakes itself. */
  async #reshard(signal: AbortSignal): Promise<void> {
    const { log, metrics } = this.#context;
    const { minShards, maxShards } = this.#init.queue;
    const current = this.#shards.length;
    const desired = desiredShards({
      load: this.#load.take(RESHARD_INTERVAL_MS, log.samplesAppended),
      current,
      pending: this.#pending(),
      behindMs: Math.max(0, log.newestMs - this.#load.highestMs),
    });
    metrics.shardsDesired.set(this.#labels, desired);
    const count = Math.min(maxShards, Math.max(minShards, Math.ceil(desired)));
    if (count === current) return;
    for (const shard of this.#shards) shard.flush();
    while (this.#pending() > 0 && !signal.aborted) {
      for (const shard of this.#shards) if (shard.pending > 0) await shard.room();
    }
    if (signal.aborted) return;
    for (const shard of this.#shards) shard.end();
    await Promise.all(this.#running);
    this.#startShards(count);
  }

  async #sendMetadataForever(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const builder = new WriteRequestBuilder();
    while (!signal.aborted) {
      await sleep(this.#init.metadata.sendIntervalMs, signal, clock).catch(() => undefined);
      if (signal.aborted) return;
      let count = 0;
      for (const family of this.#init.families()) {
        builder.metadata(family);
        if (++count < this.#init.metadata.maxEntriesPerSend) continue;
        await this.#sendMetadata(builder, count);
        count = 0;
      }
      if (count > 0) await this.#sendMetadata(builder, count);
    }
  }

  async #sendMetadata(builder: WriteRequestBuilder, count: number): Promise<void> {
    const { clock, metrics, random, logger } = this.#context;
    const { minBackoffMs, maxBackoffMs } = this.#init.queue;
    const backoff = new Backoff({ minMs: minBackoffMs, maxMs: maxBackoffMs, random });
    // Owned: families may change while a request waits.
    const body = builder.view().slice();
    builder.clear();
    for (let attempt = 0; attempt < METADATA_ATTEMPTS; attempt++) {
      try {
        await this.#init.sink.send(body, this.#reading.signal, attempt);
        metrics.metadata.inc(this.#labels, count);
        return;
      } catch (error) {
        if (this.#reading.signal.aborted) return;
        logger.debug({ remote: this.name, err: messageOf(error) }, "metadata not delivered");
        if (!RETRYABLE.has(codeOf(error))) break;
        await sleep(backoff.next(), this.#reading.signal, clock).catch(() => undefined);
      }
    }
    metrics.metadataFailed.inc(this.#labels, count);
  }
}

function stopped(): NarthexError {
  return new NarthexError("canceled", "the agent stops");
}

function isAfter(a: LogPosition, b: LogPosition): boolean {
  return a.segment > b.segment || (a.segment === b.segment && a.offset > b.offset);
}
