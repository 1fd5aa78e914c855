import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "#pkg/errs/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { peer } from "../../test/peers/peers.ts";
import { type IngesterApi, ingesterClient, serveGrpc, type TlsOptions } from "./mod.ts";

const openssl = peer("openssl");
let folder = "";

beforeAll(() => {
  if (!openssl) return;
  folder = mkdtempSync(join(tmpdir(), "narthex-tls-"));
  const run = (...args: string[]) =>
    execFileSync(openssl, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  run(
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=ca",
    "-days",
    "2",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  writeFileSync(join(folder, "san"), "subjectAltName=IP:127.0.0.1\n");
  run("req", ...key, "-subj", "/CN=narthex", "-keyout", "own.key", "-out", "own.csr");
  const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
  run("x509", "-req", "-in", "own.csr", ...sign, "-extfile", "san", "-out", "own.pem");
});

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!openssl)(
  "openssl: a server with a CA takes clients that it signed alone",
  async () => {
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    const tls = { ca: read("ca.pem"), cert: read("own.pem"), key: read("own.key") };
    const telemetry = quietTelemetry();
    const server = await serveGrpc({
      listen: "127.0.0.1:0",
      ingester: {
        push: () => Promise.resolve({ samples: 1, rejected: [] }),
      } as never as IngesterApi,
      telemetry,
      tls,
    });
    const push = async (options: { tls?: TlsOptions }): Promise<unknown> => {
      const client = ingesterClient(server.address, { telemetry, ...options });
      try {
        return (await client.push("t", new Uint8Array(1))).samples;
      } catch (error) {
        return codeOf(error);
      } finally {
        client.close();
      }
    };
    try {
      expect(await push({ tls })).toBe(1);
      expect(await push({ tls: { ca: tls.ca } })).toBe("unavailable");
      expect(await push({ tls: { cert: tls.cert, key: tls.key } })).toBe("unavailable");
      expect(await push({})).toBe("unavailable");
    } finally {
      await server.stop(0);
    }
  },
);
