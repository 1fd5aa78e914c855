import { join } from "node:path";
import type { Clock } from "#pkg/clock/mod.ts";
import { Compactor, checkDelays, InlineMerges, WorkerMerges } from "#pkg/compactor/mod.ts";
import type { Config } from "#pkg/config/mod.ts";
import type { Limits } from "#pkg/limits/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { systemRandom } from "#pkg/prng/mod.ts";
import type { Ring } from "#pkg/ring/mod.ts";
import { forComponent, type Telemetry } from "#pkg/telemetry/mod.ts";

/** The compactor of a process, whose merges run on threads where there is a program for them. */
export function openCompactor(
  config: Config,
  deps: {
    readonly bucket: Bucket;
    readonly limits: Limits;
    readonly clock: Clock;
    readonly telemetry: Telemetry;
    readonly program: URL | undefined;
    readonly owns: (tenant: string) => boolean;
  },
): Compactor {
  checkDelays(config);
  const { clock, program } = deps;
  const heapMb = Math.ceil(config.compactor.worker_memory / 2 ** 20);
  return new Compactor({
    ...deps,
    config: config.compactor,
    dir: config.compactor.data_dir || join(config.data_dir, "compactor"),
    random: systemRandom,
    telemetry: forComponent(deps.telemetry, "compactor"),
    runner: program ? new WorkerMerges({ program, heapMb, clock }) : new InlineMerges(clock),
  });
}

/** True if the tenant's hash places it on instance `id`; of a process without ring, all are. */
export function ownsTenant(ring: Ring | undefined, id: string, tenant: string): boolean {
  return ring === undefined || ring.current.owns(fnv1a(tenant), id);
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, "utf8")) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
