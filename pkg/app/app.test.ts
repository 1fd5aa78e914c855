import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, systemClock } from "#pkg/clock/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { App } from "./app.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "narthex-app-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function appOf(listen: string, clock: Clock = systemClock): App {
  const flags = { "data-dir": dir, "http.listen": listen, "agent.enabled": "false" };
  const config = loadConfig({ flags });
  return new App({ version: "0", telemetry: quietTelemetry(), config, clock });
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

test("a client that is stuck does not keep App from stopping", async () => {
  // Twenty seconds, which requests are given to end, are over at once.
  const hasty: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms === 20_000 ? 1 : ms),
  };
  const app = appOf("127.0.0.1:0", hasty);
  await app.start();
  const [host, port] = app.httpAddress.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => undefined);
  socket.write(
    "POST /api/v1/push HTTP/1.1\r\nHost: narthex\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
  );
  // The server waits for the body from here on.
  await once(socket, "data");
  const closed = once(socket, "close");
  await app.stop();
  await closed;
});
