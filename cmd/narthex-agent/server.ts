import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Agent, TargetsReport } from "#pkg/agent/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Registry } from "#pkg/telemetry/mod.ts";

/** What the agent's HTTP server shows and does. */
export interface AgentServerInit {
  readonly agent: Agent;
  readonly registry: Registry;
  readonly reload: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const text = (status: number, body: string): Answer => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${body}\n`,
});

/** Metrics, health, reload and targets of an agent. */
export class AgentServer {
  readonly #init: AgentServerInit;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });

  constructor(init: AgentServerInit) {
    this.#init = init;
  }

  /** Listens at `host:port`; port 0 takes a free one. Returns the address. */
  listen(address: string): Promise<string> {
    const at = address.lastIndexOf(":");
    const host = address.slice(0, at).replace(/^\[|\]$/g, "");
    const port = Number(address.slice(at + 1));
    if (at < 0 || !Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new NarthexError("bad_data", `http.listen: want host:port, got "${address}"`);
    }
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host === "" ? undefined : host, () => {
        const bound = this.#server.address();
        resolve(typeof bound === "object" && bound !== null ? `${host}:${bound.port}` : address);
      });
    });
  }

  close(): Promise<void> {
    this.#server.closeIdleConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0]!;
    const answer = await this.#answer(request.method ?? "GET", path);
    request.resume();
    response.writeHead(answer.status, {
      "content-type": answer.type,
      "content-length": Buffer.byteLength(answer.body),
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  async #answer(method: string, path: string): Promise<Answer> {
    const { agent, registry } = this.#init;
    if (path === "/-/reload") return await this.#reload(method);
    if (method !== "GET" && method !== "HEAD") return text(405, "method not allowed");
    switch (path) {
      case "/":
        return { status: 200, type: "text/html; charset=utf-8", body: page(agent.targets()) };
      case "/metrics":
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      case "/-/healthy":
        return text(200, "Narthex agent is healthy.");
      case "/-/ready":
        return agent.state === "running"
          ? text(200, "Narthex agent is ready.")
          : text(503, `Narthex agent is ${agent.state}.`);
      case "/api/v1/targets":
        return {
          status: 200,
          type: "application/json",
          body: JSON.stringify({ status: "success", data: agent.targets() }),
        };
      default:
        return text(404, "not found");
    }
  }

  async #reload(method: string): Promise<Answer> {
    if (method !== "POST" && method !== "PUT") return text(405, "method not allowed");
    try {
      await this.#init.reload();
      return text(200, "configuration loaded");
    } catch (error) {
      return text(500, messageOf(error));
    }
  }
}

/** The start page: every target with its state. */
function page(report: TargetsReport): string {
  const rows = report.activeTargets.map(
    (target) =>
      `<tr><td>${escapeHtml(target.scrapePool)}</td><td>${escapeHtml(target.scrapeUrl)}</td>` +
      `<td>${target.health}</td><td>${escapeHtml(target.lastScrape)}</td>` +
      `<td>${target.lastScrapeDuration.toFixed(3)} s</td>` +
      `<td>${escapeHtml(target.lastError)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Narthex agent</title>
<style>body{font:14px system-ui;margin:2em}td,th{padding:.2em .8em;text-align:left}</style></head>
<body>
<h1>Narthex agent</h1>
<p><a href="/metrics">metrics</a> · <a href="/api/v1/targets">targets as JSON</a></p>
<table><thead><tr><th>job</th><th>URL</th><th>health</th><th>last scrape</th><th>took</th>
<th>error</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>
</body>
</html>
`;
}

function escapeHtml(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
