import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { linkSignals, withTimeout } from "#pkg/async/mod.ts";
import {
  type BlockMeta,
  BlockReader,
  blockOverlaps,
  isBlockId,
  readMeta,
  removeBlock,
} from "#pkg/block/mod.ts";
import type { FloatEncoding } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { ExemplarParams, SeriesExemplars } from "#pkg/exemplar/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import type {
  KnownLabels,
  LabelHasher,
  MetricMetadata,
  ScannedRequest,
} from "#pkg/remotewrite/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  mergeChunkQueriers,
  type SelectParams,
} from "#pkg/storage/mod.ts";
import { DurableHead, type DurableHeadOptions } from "./durable-head.ts";
import { Graveyard } from "./graveyard.ts";
import type { Head } from "./head.ts";
import { beginCut, finishCut } from "./head-cut.ts";
import type { RejectionSink, SeriesAdmission } from "./head-ports.ts";
import type { ReplayReport } from "./replay.ts";
import { type CutTarget, writeCut } from "./write-cut.ts";

export interface TenantDbOptions extends DurableHeadOptions {
  readonly dir: string;
  readonly hasher: LabelHasher;
  readonly clock: Clock;
  readonly random: Random;
  /** Series without samples for this long leave the head after a cut. */
  readonly seriesIdleTimeoutMs: number;
  /** Of float chunks in blocks, asked at every cut; XOR where absent. */
  readonly floatEncoding?: () => FloatEncoding;
  /** Memory of a head that is replayed, above which blocks are cut from it; 0 or absent: no limit. */
  readonly replayBytesMax?: number;
}

function targetOf({ dir, clock, random, floatEncoding }: TenantDbOptions): CutTarget {
  const encoding = floatEncoding ?? (() => "xor" as const);
  return { dir: join(dir, "blocks"), clock, random, floatEncoding: encoding };
}

/**
 * A read that takes longer fails: it holds up cuts, and one that nobody finishes nor ends would for
 * ever. Far above the timeouts of queries.
 */
const READ_MS_MAX = 10 * 60_000;

/**
 * Replays the log; blocks that had to be cut on the way are added to `blocks`. Where the log deletes
 * samples after such a cut, which may be in its blocks, they are thrown away and all is replayed whole.
 */
async function replayInBounds(
  options: TenantDbOptions,
  blocks: Map<string, BlockReader>,
): Promise<{ durable: DurableHead; report: ReplayReport }> {
  const wal = join(options.dir, "wal");
  const cut: BlockReader[] = [];
  let isStale = false;
  const opened = await DurableHead.open(wal, options, options.hasher, {
    bytesMax: options.replayBytesMax ?? 0,
    relieve: async (head, reader) => {
      const taken = await beginCut(head, Number.POSITIVE_INFINITY);
      cut.push(...(await writeCut(head, reader, taken, targetOf(options))));
      await finishCut(head, taken, Number.NEGATIVE_INFINITY);
    },
    deleted: () => {
      if (cut.length > 0) isStale = true;
    },
  });
  if (cut.length === 0) return opened;
  if (isStale) {
    await opened.durable.close();
    for (const block of cut) {
      await block.close();
      await removeBlock(block.dir);
    }
    return DurableHead.open(wal, options, options.hasher);
  }
  for (const block of cut) blocks.set(block.meta.ulid, block);
  // What the blocks have need not be replayed once more.
  await opened.durable.checkpoint(await opened.durable.rotate());
  return opened;
}

/** A read in progress. */
interface Pin {
  readonly signal: AbortSignal;
  readonly done: Promise<void>;
  abort(reason: unknown): void;
  release(): void;
}

/**
 * A block that could not be opened. It stays on the disk as it is: nobody uploads or deletes it, and
 * reads of its time say that it is missing. Opened again at the next start.
 */
export interface QuarantinedBlock {
  readonly id: string;
  /** What is wrong, with file and offset. */
  readonly message: string;
  /** Samples have `minTime <= t < maxTime`, ms; infinite where `meta.json` cannot be read either. */
  readonly minTime: number;
  readonly maxTime: number;
}

/**
 * One tenant's recent samples on this machine: the head and its WAL, and the blocks that were cut
 * from it until they are dropped.
 *
 *     <dir>/wal/…            see DurableHead
 *     <dir>/blocks/<ULID>/…  Prometheus blocks
 */
export class TenantDb implements ChunkQuerier {
  readonly replay: ReplayReport;
  /** Blocks on this machine that could not be opened. */
  readonly quarantined: readonly QuarantinedBlock[];
  readonly #options: TenantDbOptions;
  readonly #durable: DurableHead;
  readonly #blocks: Map<string, BlockReader>;
  readonly #graveyard: Graveyard;
  readonly #pins = new Set<Pin>();
  #cutting: Promise<unknown> = Promise.resolve();
  /** True from a cut on until its checkpoint is written. */
  #owesCheckpoint = false;
  /**
   * True if the log may have what the head has no more: what came in as a cut began, at least. Until
   * the next checkpoint a deletion would not be replayed for that.
   */
  #logHasMore = false;

  private constructor(
    options: TenantDbOptions,
    opened: { durable: DurableHead; report: ReplayReport },
    blocks: Map<string, BlockReader>,
    quarantined: readonly QuarantinedBlock[],
  ) {
    this.#options = options;
    this.#durable = opened.durable;
    this.#graveyard = new Graveyard(opened.durable.head, opened.durable.reader, READ_MS_MAX);
    this.replay = opened.report;
    this.#blocks = blocks;
    this.quarantined = quarantined;
  }

  /** Opens the blocks and replays the WAL. Damage is reported, not thrown. */
  static async open(options: TenantDbOptions): Promise<TenantDb> {
    const folder = join(options.dir, "blocks");
    await mkdir(folder, { recursive: true });
    const blocks = new Map<string, BlockReader>();
    const quarantined: QuarantinedBlock[] = [];
    for (const name of await readdir(folder)) {
      if (!isBlockId(name)) {
        await rm(join(folder, name), { recursive: true, force: true });
        continue;
      }
      try {
        blocks.set(name, await BlockReader.open(join(folder, name)));
      } catch (error) {
        quarantined.push(await quarantine(join(folder, name), name, error));
      }
    }
    const opened = await replayInBounds(options, blocks);
    return new TenantDb(options, opened, blocks, quarantined);
  }

  get head(): Head {
    return this.#durable.head;
  }

  /** Blocks on this machine. */
  get blocks(): readonly BlockMeta[] {
    return [...this.#blocks.values()].map((block) => block.meta);
  }

  /** The folder of a local block. */
  blockDir(id: string): string {
    return join(this.#options.dir, "blocks", id);
  }

  /** The series of the head, for `ScannedRequest.scan`. */
  get known(): KnownLabels {
    return this.#durable.head.index;
  }

  /** See `DurableHead.append`. */
  append(
    request: ScannedRequest,
    nowMs: number,
    admission: SeriesAdmission,
    sink: RejectionSink,
  ): Promise<number> {
    return this.#durable.append(request, nowMs, admission, sink);
  }

  metadata(metric?: string): readonly MetricMetadata[] {
    return this.#durable.metadata.list(metric);
  }

  /** Exemplars of the series that one of the sets of matchers selects, sorted by series. */
  exemplars(params: ExemplarParams, signal: AbortSignal): Promise<readonly SeriesExemplars[]> {
    return this.head.exemplars.select(params, signal);
  }

  async *selectChunks(
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    const pin = this.#pin(signal);
    try {
      yield* this.#querier(params).selectChunks(params, pin.signal);
    } finally {
      pin.release();
    }
  }

  async labelNames(params: LabelParams, signal: AbortSignal): Promise<string[]> {
    const pin = this.#pin(signal);
    try {
      return await this.#querier(params).labelNames(params, pin.signal);
    } finally {
      pin.release();
    }
  }

  async labelValues(name: string, params: LabelParams, signal: AbortSignal): Promise<string[]> {
    const pin = this.#pin(signal);
    try {
      return await this.#querier(params).labelValues(name, params, pin.signal);
    } finally {
      pin.release();
    }
  }

  #querier(range: LabelParams): ChunkQuerier {
    for (const block of this.quarantined) {
      if (!blockOverlaps(block, range.mint, range.maxt)) continue;
      range.onWarning?.(`local block ${block.id} cannot be opened, its samples may be missing`);
    }
    const blocks = [...this.#blocks.values()].filter(({ meta }) =>
      blockOverlaps(meta, range.mint, range.maxt),
    );
    return mergeChunkQueriers([this.#durable.reader, ...blocks]);
  }

  /** Marks a read as running; what it may still see is not dropped until it is released. */
  #pin(signal: AbortSignal): Pin {
    const linked = linkSignals(signal);
    let ended = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const pin: Pin = {
      signal: linked.signal,
      done,
      abort: (reason) => linked.abort(reason),
      release: () => {
        this.#pins.delete(pin);
        linked.dispose();
        ended();
      },
    };
    this.#pins.add(pin);
    return pin;
  }

  /** Resolves once the reads that run now have ended; one that takes too long is made to fail. */
  async #readersDone(): Promise<void> {
    const pins = [...this.#pins];
    if (pins.length === 0) return;
    const limit = withTimeout(undefined, READ_MS_MAX, this.#options.clock);
    limit.signal.addEventListener("abort", () => {
      for (const pin of pins) {
        if (!this.#pins.has(pin)) continue;
        pin.abort(new NarthexError("unavailable", "read of recent data took too long"));
        pin.release();
      }
    });
    await Promise.all(pins.map(({ done }) => done));
    limit.dispose();
  }

  /**
   * Writes what ends before `before` (ms; `Infinity` for everything) as blocks of at most the block
   * duration each, and drops it from head and WAL. Every sample can be read at every moment.
   * Returns the new blocks. Cuts run one after another.
   */
  cut(before: number): Promise<readonly BlockMeta[]> {
    const work = this.#cutting.then(() => this.#cut(before));
    this.#cutting = work.catch(() => undefined);
    return work;
  }

  async #cut(before: number): Promise<readonly BlockMeta[]> {
    const { clock, seriesIdleTimeoutMs } = this.#options;
    const { head, reader } = this.#durable;
    const segment = await this.#durable.rotate();
    const cut = await beginCut(head, before);
    const readers = await writeCut(head, reader, cut, targetOf(this.#options));
    for (const block of readers) this.#blocks.set(block.meta.ulid, block);
    // Reads that began before the blocks were there still need the head's copy.
    await this.#readersDone();
    await this.#graveyard.release(clock.monotonic());
    this.#owesCheckpoint = true;
    this.#logHasMore = true;
    const idle = await finishCut(head, cut, clock.now() - seriesIdleTimeoutMs);
    await this.#graveyard.bury(idle, clock.monotonic());
    await this.#durable.checkpoint(segment);
    this.#graveyard.forget();
    this.#owesCheckpoint = false;
    return readers.map(({ meta }) => meta);
  }

  async #checkpoint(): Promise<void> {
    await this.#durable.checkpoint(await this.#durable.rotate());
    this.#graveyard.forget();
    this.#owesCheckpoint = false;
    this.#logHasMore = false;
  }

  /**
   * Writes a checkpoint, without a cut, if the log has grown by `bytesMax` since the last one, or may
   * lack something, or a cut could not write its own. True if it did.
   */
  async checkpointIfDue(bytesMax: number): Promise<boolean> {
    const isDue = (): boolean => {
      const { needsCheckpoint, bytesSinceCheckpoint } = this.#durable;
      if (needsCheckpoint || this.#owesCheckpoint) return true;
      return bytesMax > 0 && bytesSinceCheckpoint >= bytesMax;
    };
    if (!isDue()) return false;
    const work = this.#cutting.then(async () => {
      // A cut that was under way has written one.
      if (!isDue()) return false;
      await this.#checkpoint();
      return true;
    });
    this.#cutting = work.catch(() => undefined);
    return work;
  }

  /** True if the head has nothing left but series that a cut would take out of it. */
  get isIdle(): boolean {
    const { head } = this;
    const { clock, seriesIdleTimeoutMs } = this.#options;
    const isEmpty = head.mint === Number.POSITIVE_INFINITY && head.liveSeries > 0;
    return isEmpty && head.maxt < clock.now() - seriesIdleTimeoutMs;
  }

  /**
   * Deletes the samples with `mint <= t <= maxt`, ms, of the series that satisfy all `matchers`, in
   * the head and in the blocks on this machine. Returns how many series lost some, one in several
   * places counted in each. Does not overlap with cuts: what a cut has taken along is deleted too.
   */
  deleteSeries(matchers: readonly Matcher[], mint: number, maxt: number): Promise<number> {
    const work = this.#cutting.then(async () => {
      if (this.#logHasMore) await this.#checkpoint();
      let series = await this.#durable.deleteSeries(matchers, mint, maxt);
      for (const block of [...this.#blocks.values()]) {
        series += await block.deleteSeries(matchers, mint, maxt);
      }
      return series;
    });
    this.#cutting = work.catch(() => undefined);
    return work;
  }

  /** Forgets a local block and removes its files once nobody reads it. */
  async dropBlock(id: string): Promise<void> {
    const block = this.#blocks.get(id);
    if (block === undefined) return;
    this.#blocks.delete(id);
    await this.#readersDone();
    await block.close();
    await removeBlock(this.blockDir(id));
  }

  sync(): Promise<void> {
    return this.#durable.sync();
  }

  /** Ends with everything that was accepted in the WAL. */
  async close(): Promise<void> {
    await this.#cutting;
    try {
      await this.#durable.close();
    } finally {
      for (const block of this.#blocks.values()) await block.close();
    }
  }
}

async function quarantine(dir: string, id: string, error: unknown): Promise<QuarantinedBlock> {
  const message = messageOf(error);
  try {
    const { minTime, maxTime } = await readMeta(dir);
    return { id, message, minTime, maxTime };
  } catch {
    // Nothing is known of its time, so it may be any.
    const [minTime, maxTime] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return { id, message, minTime, maxTime };
  }
}
