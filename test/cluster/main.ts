import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalCluster } from "./cluster.ts";

/** `npm run cluster`: a local cluster of three zones, until Ctrl-C. */
async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "narthex-cluster-"));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  say(`data and logs in ${dir}`);
  const cluster = await LocalCluster.start({ dir, agent: true, say });
  const [write] = cluster.urls("distributor");
  const [read] = cluster.urls("querier");
  say("");
  for (const role of [
    "distributor",
    "querier",
    "store-gateway",
    "ingester",
    "compactor",
    "agent",
  ]) {
    say(`${role.padEnd(14)} ${cluster.urls(role).join("  ")}`);
  }
  say("");
  say(`remote_write   ${write}/api/v1/push`);
  say(`data source    ${read}/prometheus`);
  say(`ring           ${write}/ring`);
  say(`try            curl '${read}/prometheus/api/v1/query?query=up'`);
  say("");
  say("Ctrl-C ends all of them.");
  await stopped;
  say("stopping");
  await cluster.stop();
  await rm(dir, { recursive: true, force: true });
}

main().catch((error: unknown) => {
  process.stderr.write(`cluster: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
