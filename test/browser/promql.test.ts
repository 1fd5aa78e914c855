import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildLibrary } from "../../scripts/library.mjs";
import { peer, upstream } from "../peers/peers.ts";
import { RunningProcess } from "../support/process.ts";
import { temporaryFolder } from "../support/temp.ts";
import type { PageReport } from "./page.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const OWN = join(ROOT, "test/promqltest/scripts");
const chromium = peer("chromium");

/** Own scripts, and Prometheus's where they are at hand. */
function scripts(): ReadonlyMap<string, string> {
  const folders = [OWN, upstream("promqltest")].filter((folder) => folder !== undefined);
  return new Map(
    folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".test"))
        .map((name) => [name, readFileSync(join(folder, name), "utf8")] as const),
    ),
  );
}

/** A server for one page, which reports to it. */
class PageServer {
  readonly #files: ReadonlyMap<string, readonly [type: string, body: string]>;
  readonly #server: Server;
  readonly report: Promise<PageReport>;

  constructor(files: ReadonlyMap<string, readonly [type: string, body: string]>) {
    this.#files = files;
    let resolveReport: (report: PageReport) => void;
    this.report = new Promise((done) => {
      resolveReport = done;
    });
    this.#server = createServer((request, response) => {
      if (request.method === "POST") {
        let text = "";
        request.setEncoding("utf8");
        request.on("data", (part: string) => {
          text += part;
        });
        request.on("end", () => {
          response.end();
          resolveReport(JSON.parse(text) as PageReport);
        });
        return;
      }
      const file = this.#files.get(request.url ?? "");
      if (!file) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": file[0] }).end(file[1]);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["test/browser/page.ts"],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "es2023",
  });
  return outputFiles[0]!.text;
}

async function bundleLibrary(): Promise<string> {
  const { outputFiles } = await buildLibrary({
    absWorkingDir: ROOT,
    write: false,
    sourcemap: false,
  });
  return outputFiles![0]!.text;
}

describe.skipIf(!chromium)(`peer chromium (${chromium ? "found" : "missing"})`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>> | undefined;
  const found = scripts();
  let server: PageServer | undefined;
  let browser: RunningProcess | undefined;
  let report: PageReport;

  beforeAll(async () => {
    const files = new Map<string, readonly [string, string]>([
      ["/", ["text/html", '<!doctype html><script type="module" src="/page.js"></script>']],
      ["/page.js", ["text/javascript", await bundlePage()]],
      ["/promql.js", ["text/javascript", await bundleLibrary()]],
      ["/scripts", ["application/json", JSON.stringify([...found.keys()])]],
    ]);
    for (const [name, text] of found) files.set(`/scripts/${name}`, ["text/plain", text]);
    server = new PageServer(files);
    const url = await server.listen();
    folder = await temporaryFolder("browser");
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"];
    browser = new RunningProcess({
      name: "chromium",
      command: chromium!,
      args: [...flags, `--user-data-dir=${join(folder.dir, "profile")}`, `${url}/`],
      log: join(folder.dir, "chromium.log"),
    });
    report = await server.report;
  }, 240_000);

  afterAll(async () => {
    await browser?.stop();
    server?.close();
    await folder?.remove();
  });

  test("the page ran in a browser, without an error", () => {
    expect(report.error).toBeUndefined();
    expect(report.userAgent).toMatch(/Chrome/);
  });

  test.each([...found.keys()])("%s passes whole in the browser", (name) => {
    const { passed, failures } = report.scripts[name]!;
    expect(failures).toEqual([]);
    const evals = found.get(name)!.match(/^\s*eval/gim)?.length ?? 0;
    expect(passed).toBe(evals);
  });

  test("the library's bundle parses, prints and evaluates in the browser", () => {
    expect(report.printed).toBe("sum by (job) (rate(seen_total[5m]))");
    expect(report.library).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

test("the library's bundle needs nothing of Node", async () => {
  const text = await bundleLibrary();
  expect(text).not.toMatch(/\bfrom\s*["']node:|\brequire\(|\bprocess\.(?:env|nextTick|hrtime)/);
});
