import type { Labels } from "#pkg/labels/mod.ts";
import type { RelabelConfig } from "#pkg/relabel/mod.ts";
import type { MetricMetadata } from "#pkg/remotewrite/mod.ts";
import type { AgentConfig } from "./config/load.ts";
import {
  DEFAULT_QUEUE,
  type MetadataConfig,
  type QueueConfig,
  type RemoteWriteConfig,
} from "./config/remote-write-config.ts";
import type { LogPosition } from "./remote-write/log.ts";
import type { Positions } from "./remote-write/positions.ts";
import { RemoteQueue, type RemoteQueueContext } from "./remote-write/queue.ts";
import { HttpSink, type Sink } from "./remote-write/sink.ts";

interface Remote {
  /** Equal for equal configurations only. */
  readonly key: string;
  readonly queue: RemoteQueue;
  readonly close: () => Promise<void>;
}

interface Wanted {
  readonly name: string;
  readonly key: string;
  readonly url: string;
  readonly queue: QueueConfig;
  readonly metadata: MetadataConfig;
  readonly relabel: readonly RelabelConfig[];
  readonly open: () => { sink: Sink; close: () => Promise<void> };
}

/** In-process sinks are told the metadata as often as remotes are by default. */
const SINK_METADATA: MetadataConfig = {
  send: true,
  sendIntervalMs: 60_000,
  maxEntriesPerSend: 2_000,
};

/** All receivers of an agent, kept in line with its configuration. */
export class Remotes {
  readonly #context: RemoteQueueContext & { readonly userAgent: string };
  readonly #sinks: readonly Sink[];
  readonly #families: () => Iterable<MetricMetadata>;
  #remotes = new Map<string, Remote>();

  constructor(
    context: RemoteQueueContext & { readonly userAgent: string },
    sinks: readonly Sink[],
    families: () => Iterable<MetricMetadata>,
  ) {
    this.#context = context;
    this.#sinks = sinks;
    this.#families = families;
  }

  /**
   * Starts, restarts and stops queues. One that is new starts at `positions`; without any, an
   * earlier run may have left what nobody got, and it starts at the beginning.
   */
  async apply(config: AgentConfig, positions: Positions | undefined): Promise<void> {
    const wanted = new Map(this.#wanted(config).map((remote) => [remote.name, remote]));
    for (const [name, remote] of this.#remotes) {
      if (wanted.get(name)?.key === remote.key) continue;
      await remote.queue.stop(0);
      await remote.close();
      if (!wanted.has(name)) this.#remotes.delete(name);
    }
    const { log } = this.#context;
    const fresh = positions === undefined ? { segment: log.oldest, offset: 0 } : log.end;
    for (const [name, remote] of wanted) {
      const before = this.#remotes.get(name);
      if (before?.key === remote.key) continue;
      const position = before?.queue.position ?? positions?.get(name) ?? fresh;
      this.#remotes.set(name, this.#start(remote, config.externalLabels, position));
    }
  }

  /** Where each remote has come to. */
  positions(): Positions {
    return new Map([...this.#remotes].map(([name, { queue }]) => [name, queue.position]));
  }

  /** The oldest segment that some remote still needs; the newest where there is none. */
  get oldestNeeded(): number {
    const segments = [...this.#remotes.values()].map(({ queue }) => queue.position.segment);
    return Math.min(this.#context.log.end.segment, ...segments);
  }

  /** Sends what can be sent within `graceMs`, then ends. */
  async stop(graceMs: number): Promise<void> {
    const remotes = [...this.#remotes.values()];
    await Promise.all(remotes.map(({ queue }) => queue.stop(graceMs)));
    await Promise.all(remotes.map(({ close }) => close()));
  }

  #start(remote: Wanted, externalLabels: Labels, position: LogPosition): Remote {
    const { sink, close } = remote.open();
    const queue = new RemoteQueue(
      {
        sink,
        url: remote.url,
        queue: remote.queue,
        metadata: remote.metadata,
        relabel: remote.relabel,
        externalLabels,
        position,
        families: this.#families,
      },
      this.#context,
    );
    queue.start();
    return { key: remote.key, queue, close };
  }

  #wanted(config: AgentConfig): Wanted[] {
    const external = JSON.stringify(config.externalLabels);
    const sinks = this.#sinks.map(
      (sink): Wanted => ({
        name: sink.name,
        key: external,
        url: "",
        queue: DEFAULT_QUEUE,
        metadata: SINK_METADATA,
        relabel: [],
        open: () => ({ sink, close: () => Promise.resolve() }),
      }),
    );
    return [...sinks, ...config.remoteWrite.map((remote) => this.#wantedHttp(remote, external))];
  }

  #wantedHttp(remote: RemoteWriteConfig, external: string): Wanted {
    return {
      name: remote.name,
      key: external + JSON.stringify(remote),
      url: remote.url,
      queue: remote.queue,
      metadata: remote.metadata,
      relabel: remote.writeRelabelConfigs,
      open: () => {
        const sink = new HttpSink(remote, this.#context);
        return { sink, close: () => sink.close() };
      },
    };
  }
}
