import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { codeOf, NarthexError } from "#pkg/errs/mod.ts";
import { parseAgentConfig } from "../config/load.ts";
import { TestServer } from "../testkit.ts";
import { HttpClient } from "./client.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function clientWith(keys: string): Promise<HttpClient> {
  const config = await parseAgentConfig(`scrape_configs: [{job_name: j, ${keys}}]`);
  const { http } = config.scrapeConfigs[0]!;
  const client = new HttpClient({ config: http, connectTimeoutMs: 5_000 });
  undo.push(() => client.close());
  return client;
}

async function server(): Promise<TestServer> {
  const found = await new TestServer((request) =>
    request.path === "/from" ? { status: 302, headers: { location: "/to" } } : { body: "there" },
  ).listen();
  undo.push(() => found.close());
  return found;
}

const get = async (client: HttpClient, url: string): Promise<string> => {
  const { signal } = new AbortController();
  const response = await client.send({ url, method: "GET", headers: {}, signal });
  return `${response.statusCode} ${await response.body.text()}`;
};

describe("HttpClient", () => {
  it("follows redirects, unless told not to", async () => {
    const { address } = await server();
    expect(await get(await clientWith(""), `http://${address}/from`)).toBe("200 there");
    const strict = await clientWith("follow_redirects: false");
    expect(await get(strict, `http://${address}/from`)).toBe("302 ");
  });

  it("sends what it is configured with", async () => {
    const target = await server();
    const url = `http://${target.address}/`;
    await get(await clientWith("basic_auth: {username: u, password: 'p:q'}"), url);
    await get(await clientWith("authorization: {type: Token, credentials: c}"), url);
    await get(await clientWith("bearer_token: b"), url);
    await get(await clientWith("http_headers: {X-A: {values: [a, b], secrets: [c]}}"), url);
    const headers = target.requests.map((request) => request.headers);
    expect(headers[0]!.authorization).toBe(`Basic ${Buffer.from("u:p:q").toString("base64")}`);
    expect(headers[1]!.authorization).toBe("Token c");
    expect(headers[2]!.authorization).toBe("Bearer b");
    expect(headers[3]!["x-a"]).toBe("a, b, c");
  });

  it("says what went wrong", async () => {
    const client = await clientWith("");
    await expect(get(client, "http://127.0.0.1:1/")).rejects.toThrow(/^GET .*ECONNREFUSED/);
    const missing = await clientWith("bearer_token_file: /none/at/all");
    await expect(get(missing, "http://127.0.0.1:1/")).rejects.toThrow("read /none/at/all");
    const controller = new AbortController();
    const work = client.send({
      url: `http://${(await server()).address}/`,
      method: "GET",
      headers: {},
      signal: controller.signal,
    });
    controller.abort(new NarthexError("timeout", "too slow"));
    expect(await work.catch(codeOf)).toBe("timeout");
  });
});

const openssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!openssl)("HttpClient with openssl's certificates", () => {
  it("checks the server's certificate and takes another when its file changes", async () => {
    const dir = await mkdtemp(join(tmpdir(), "narthex-agent-tls-"));
    undo.push(() => rm(dir, { recursive: true, force: true }));
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const make = ["req", "-x509", ...curve, "-days", "2", "-keyout", key, "-out", cert];
    execFileSync("openssl", [...make, ...subject], { stdio: "ignore" });
    const tls = createServer(
      { key: await readFile(key), cert: await readFile(cert) },
      (_, answer) => answer.end("secret"),
    );
    await new Promise<void>((resolve) => {
      tls.listen(0, "127.0.0.1", resolve);
    });
    undo.push(() => {
      tls.closeAllConnections();
      tls.close();
    });
    const url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/`;
    const strict = await clientWith("");
    await expect(get(strict, url)).rejects.toThrow("self-signed certificate");
    expect(await get(await clientWith("tls_config: {insecure_skip_verify: true}"), url)).toBe(
      "200 secret",
    );
    const ca = join(dir, "ca.pem");
    await writeFile(ca, "");
    const known = await clientWith(`tls_config: {ca_file: "${ca}", server_name: localhost}`);
    await expect(get(known, url)).rejects.toThrow("self-signed certificate");
    await writeFile(ca, await readFile(cert));
    expect(await get(known, url)).toBe("200 secret");
  });
});
