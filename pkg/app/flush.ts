import { NarthexError } from "#pkg/errs/mod.ts";
import type { Ring } from "#pkg/ring/mod.ts";
import type { IngesterApi } from "#pkg/rpc/mod.ts";

/** Cuts and uploads what the heads of a tenant, or of all, hold. */
export type Flush = (tenant: string | undefined, signal: AbortSignal) => Promise<void>;

/** Flushes the ingester of this process, or all of the ring; undefined where there is neither. */
export function flushOf(
  own: IngesterApi | undefined,
  ring: Ring | undefined,
  client: (address: string) => IngesterApi,
): Flush | undefined {
  if (own !== undefined) return (tenant, signal) => own.flush(tenant, signal);
  if (ring === undefined) return undefined;
  return async (tenant, signal) => {
    const readable = ring.current.instances.filter((instance) => instance.readable);
    if (readable.length === 0) throw new NarthexError("unavailable", "no ingester can be reached");
    await Promise.all(readable.map(({ address }) => client(address).flush(tenant, signal)));
  };
}
