import { DELETION_MARK_FILE, MARKERS_FOLDER, META_FILE } from "#pkg/block/mod.ts";
import { assert } from "#pkg/errs/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { ringGateways, type StoreGateways } from "#pkg/querier/mod.ts";
import type { Ring } from "#pkg/ring/mod.ts";
import {
  type ClientOptions,
  ClientPool,
  type StoreGatewayApi,
  storeGatewayClient,
} from "#pkg/rpc/mod.ts";

/** The store-gateways of the ring, or the one of this process. */
export function openGateways(deps: {
  readonly ring: Ring | undefined;
  readonly own: StoreGatewayApi | undefined;
  readonly clientOptions: ClientOptions;
  /** Gets what is to be closed at the end. */
  readonly pools: { close(): void }[];
}): StoreGateways {
  const { ring, own, clientOptions, pools } = deps;
  if (ring === undefined) {
    assert(own !== undefined, "a process without ring has its own store-gateway");
    return { list: () => [{ id: "local", api: own }] };
  }
  const pool = new ClientPool((address) => storeGatewayClient(address, clientOptions));
  pools.push(pool);
  ring.onSnapshot((snapshot) => pool.retain(new Set(snapshot.instances.map((i) => i.address))));
  return ringGateways(ring, (address) => pool.get(address));
}

/**
 * True once queries can read an uploaded block from the bucket: all store-gateways that can be
 * asked serve it, or what it was compacted into. For blocks that were uploaded only.
 */
export async function isQueryable(
  gateways: StoreGateways,
  bucket: Bucket,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  signal: AbortSignal,
): Promise<boolean> {
  const list = gateways.list();
  if (list.length === 0) return false;
  // A mark comes after the block that takes its place, which the look below will see; and what was
  // uploaded and is not there was marked before.
  const marker = `${tenant}/${MARKERS_FOLDER}/${id}-${DELETION_MARK_FILE}`;
  const isGone =
    (await bucket.exists(marker, signal)) ||
    !(await bucket.exists(`${tenant}/${id}/${META_FILE}`, signal));
  const answers = await Promise.all(
    list.map(async ({ api }) => {
      await api.sync(tenant, signal);
      return (await api.blocks(tenant, signal)).some((block) => block.id === id);
    }),
  );
  return isGone || answers.every(Boolean);
}
