import { codeOf, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { compareLabels, type Labels } from "#pkg/labels/mod.ts";
import type { Ring, RingInstance } from "#pkg/ring/mod.ts";
import type { ServedBlock, StoreGatewayApi } from "#pkg/rpc/mod.ts";
import {
  type ChunkQuerier,
  type ChunkSeries,
  type LabelParams,
  mergeChunkQueriers,
  type SelectParams,
  uniteStrings,
} from "#pkg/storage/mod.ts";

/** A store-gateway to ask. */
export interface StoreGateway {
  readonly id: string;
  readonly api: StoreGatewayApi;
}

/** Which store-gateways there are. */
export interface StoreGateways {
  /** All that can be asked, in any order. */
  list(): readonly StoreGateway[];
}

/** The store-gateways of a ring. */
export function ringGateways(
  ring: Ring,
  client: (address: string) => StoreGatewayApi,
): StoreGateways {
  return {
    list: () =>
      ring.current.instances
        .filter((instance: RingInstance) => instance.readable)
        .map(({ id, address }) => ({ id, api: client(address) })),
  };
}

interface BlockGroup {
  readonly blocks: readonly string[];
  /** In order of preference. */
  readonly gateways: readonly StoreGateway[];
}

/**
 * Reads a tenant's blocks from the store-gateways. Each block has an order of gateways of its own
 * (rendezvous hashing), so that caches are shared out; when one fails, the next is asked, and a
 * block that none can serve is an error: nothing is left out silently.
 */
export class StoreReads {
  readonly #gateways: StoreGateways;

  constructor(gateways: StoreGateways) {
    this.#gateways = gateways;
  }

  /** A querier over the blocks of `tenant` that overlap the range of each request. */
  querier(tenant: string): ChunkQuerier {
    return {
      selectChunks: (params, signal) => this.#select(tenant, params, signal),
      labelNames: (params, signal) =>
        this.#labels(tenant, params, signal, (api, blocks) =>
          api.labelNames(tenant, blocks, params, signal),
        ),
      labelValues: (name, params, signal) =>
        this.#labels(tenant, params, signal, (api, blocks) =>
          api.labelValues(tenant, blocks, name, params, signal),
        ),
    };
  }

  async *#select(
    tenant: string,
    params: SelectParams,
    signal: AbortSignal,
  ): AsyncIterable<readonly ChunkSeries[]> {
    const groups = await this.#groups(tenant, params, signal);
    if (groups.length === 0) return;
    const sources = groups.map(
      (group): ChunkQuerier => ({
        selectChunks: (inner, innerSignal) => selectFrom(tenant, group, inner, innerSignal),
        labelNames: async () => [],
        labelValues: async () => [],
      }),
    );
    yield* mergeChunkQueriers(sources).selectChunks(params, signal);
  }

  async #labels(
    tenant: string,
    params: LabelParams,
    signal: AbortSignal,
    ask: (api: StoreGatewayApi, blocks: readonly string[]) => Promise<string[]>,
  ): Promise<string[]> {
    const groups = await this.#groups(tenant, params, signal);
    const lists = await Promise.all(
      groups.map(async (group) => {
        const failures: string[] = [];
        for (const gateway of group.gateways) {
          try {
            return await ask(gateway.api, group.blocks);
          } catch (error) {
            noteFailure(failures, gateway, error, signal);
          }
        }
        throw noneLeft(group, failures);
      }),
    );
    return uniteStrings(lists, params.limit);
  }

  /** The blocks that overlap the range, by the order of gateways that serve them. */
  async #groups(
    tenant: string,
    range: { mint: number; maxt: number },
    signal: AbortSignal,
  ): Promise<BlockGroup[]> {
    const gateways = this.#gateways.list();
    const blocks = await this.#blocks(tenant, gateways, signal);
    const groups = new Map<string, { blocks: string[]; gateways: readonly StoreGateway[] }>();
    for (const block of blocks) {
      if (block.mint > range.maxt || block.maxt <= range.mint) continue;
      const order = [...gateways].sort((a, b) => score(block.id, b.id) - score(block.id, a.id));
      const key = order.map((gateway) => gateway.id).join("\n");
      const group = groups.get(key);
      if (group) group.blocks.push(block.id);
      else groups.set(key, { blocks: [block.id], gateways: order });
    }
    return [...groups.values()];
  }

  /** The union of what the gateways know; one that has just started may know less. */
  async #blocks(
    tenant: string,
    gateways: readonly StoreGateway[],
    signal: AbortSignal,
  ): Promise<readonly ServedBlock[]> {
    if (gateways.length === 0) {
      throw new NarthexError("unavailable", "no store-gateway can be asked for blocks");
    }
    const failures: string[] = [];
    const byId = new Map<string, ServedBlock>();
    await Promise.all(
      gateways.map(async (gateway) => {
        try {
          for (const block of await gateway.api.blocks(tenant, signal)) byId.set(block.id, block);
        } catch (error) {
          noteFailure(failures, gateway, error, signal);
        }
      }),
    );
    if (failures.length === gateways.length) {
      throw new NarthexError("unavailable", `list blocks of ${tenant}: ${failures.join("; ")}`);
    }
    return [...byId.values()];
  }
}

/** Streams a group from its first gateway that works; the next goes on where one broke off. */
async function* selectFrom(
  tenant: string,
  group: BlockGroup,
  params: SelectParams,
  signal: AbortSignal,
): AsyncIterable<readonly ChunkSeries[]> {
  const failures: string[] = [];
  let last: Labels | undefined;
  for (const gateway of group.gateways) {
    try {
      for await (const batch of gateway.api.select(tenant, group.blocks, params, signal)) {
        const from = last;
        const rest = from ? batch.filter(({ labels }) => compareLabels(labels, from) > 0) : batch;
        if (rest.length === 0) continue;
        last = rest[rest.length - 1]!.labels;
        yield rest;
      }
      return;
    } catch (error) {
      noteFailure(failures, gateway, error, signal);
    }
  }
  throw noneLeft(group, failures);
}

/** Keeps the failure for the message; what is the request's own fault is thrown on. */
function noteFailure(
  failures: string[],
  gateway: StoreGateway,
  error: unknown,
  signal: AbortSignal,
): void {
  const code = codeOf(error);
  if (signal.aborted || code === "bad_data" || code === "execution" || code === "canceled")
    throw error;
  failures.push(`${gateway.id}: ${messageOf(error)}`);
}

function noneLeft(group: BlockGroup, failures: readonly string[]): NarthexError {
  return new NarthexError(
    "unavailable",
    `no store-gateway could read blocks ${group.blocks.join(", ")}: ${failures.join("; ")}`,
  );
}

/** FNV-1a over both names: the gateway with the highest score comes first. */
function score(block: string, gateway: string): number {
  let hash = 0x811c9dc5;
  const text = `${block}/${gateway}`;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  // The last characters would count little otherwise.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
