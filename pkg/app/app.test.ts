import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "#pkg/config/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { App } from "./app.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-app-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function appOf(listen: string): App {
  const flags = { "data-dir": dir, "http.listen": listen, "agent.enabled": "false" };
  return new App({ version: "0", telemetry: quietTelemetry(), config: loadConfig({ flags }) });
}

test("App refuses forms that are larger than a query can be", async () => {
  const app = appOf("127.0.0.1:0");
  await app.start();
  const response = await fetch(`http://${app.httpAddress}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `query=${"1".repeat(11 * 1024 * 1024)}`,
  });
  expect(response.status).toBe(413);
  await response.arrayBuffer();
  await app.stop();
});
