import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { peer } from "../peers/peers.ts";
import { api } from "../support/compare.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, until } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";

const promtool = peer("promtool");

interface Vector {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly value: [number, string];
  }[];
}

test("a server with nothing configured scrapes itself, and ends with 0 on SIGTERM", {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder("start");
  const [port, grpcPort] = (await freePorts(2)) as [number, number];
  const flags = { "grpc.listen": `127.0.0.1:${grpcPort}` };
  const narthex = startNarthex({ dir: folder.dir, port, flags });
  try {
    await ready(narthex, port, 30_000);
    const base = `http://127.0.0.1:${port}`;
    await until(
      "up is 1",
      async () =>
        (await api<Vector>(`${base}/prometheus`, "query", { query: "up" })).result[0]?.value[1] ===
        "1",
      { process: narthex, timeoutMs: 60_000 },
    );
    const targets = await api<{ activeTargets: { health: string }[] }>(base, "targets");
    expect(targets.activeTargets).toMatchObject([{ health: "up", labels: { job: "narthex" } }]);
    if (promtool) {
      const { stdout } = await promisify(execFile)(promtool, ["query", "instant", base, "up"]);
      expect(stdout).toMatch(/^up\{instance="127\.0\.0\.1:\d+", job="narthex"\} => 1 @\[/);
    }
    expect(await narthex.stop()).toBe(0);
  } finally {
    await narthex.stop("SIGKILL");
    await folder.remove();
  }
});
