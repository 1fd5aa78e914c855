import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestReceiver, TestTarget } from "../../pkg/agent/testkit.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The program as a process of its own. */
class Program {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[] = [];
  text = "";
  #wake: () => void = () => undefined;

  constructor(args: readonly string[]) {
    const main = ["--import", "tsx", join(ROOT, "cmd/narthex-agent/main.ts")];
    this.child = spawn(process.execPath, [...main, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DC: "eu" },
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.text += `${line}\n`;
        if (line.startsWith("{")) this.lines.push(JSON.parse(line) as Record<string, unknown>);
        this.#wake();
      });
    }
    this.child.on("exit", () => this.#wake());
  }

  /** The first log line with this message. */
  async line(msg: string, nth = 1): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines.filter((line) => line["msg"] === msg)[nth - 1];
      if (found) return found;
      if (this.child.exitCode !== null) throw new Error(`ended: ${this.text}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  async exit(signal?: NodeJS.Signals): Promise<number | string> {
    const ended = once(this.child, "close");
    if (signal) this.child.kill(signal);
    const [code, by] = (await ended) as [number | null, string | null];
    return code ?? by ?? "";
  }
}

describe("narthex-agent", () => {
  let dir = "";
  let target = new TestTarget("");
  let receiver = new TestReceiver();
  const programs: Program[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "narthex-agent-main-"));
    target = await new TestTarget("a 1\n").listen();
    receiver = new TestReceiver();
    await receiver.listen();
  });
  afterEach(async () => {
    for (const { child } of programs.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
    await target.close();
    await receiver.close();
    await rm(dir, { recursive: true, force: true });
  });

  const file = (): string => join(dir, "agent.yml");
  const configure = (extra = ""): Promise<void> =>
    writeFile(
      file(),
      `global: {scrape_interval: 100ms, external_labels: {dc: "$DC"}}
scrape_configs: [{job_name: j, static_configs: [{targets: ["${target.address}"]}]}]
remote_write: [{name: r, url: "http://${receiver.address}/", queue_config: {batch_send_deadline: 20ms}}]
${extra}`,
    );
  const run = (...args: string[]): Program => {
    const program = new Program(args);
    programs.push(program);
    return program;
  };
  const start = (): Program =>
    run("--config.file", file(), "--data-dir", join(dir, "data"), "--http.listen", "127.0.0.1:0");
  const values = (): (number | "stale")[] =>
    receiver.received.values(`a{dc="eu", instance="${target.address}", job="j"}`);
  /** Resolves when the receiver has seen a request after which `done` holds. */
  const receivedUntil = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise((wake) => setImmediate(wake));
  };

  it("checks a configuration and says what is wrong", async () => {
    await configure();
    const good = run("--config.file", file(), "--check-config");
    expect(await good.exit()).toBe(0);
    expect(good.text).toContain("agent.yml is valid: 1 scrape configs, 1 remotes");
    await configure("scrape_config: []");
    const bad = run("--config.file", file(), "--check-config");
    expect(await bad.exit()).toBe(1);
    expect(bad.text).toContain("scrape_config: unknown key, did you mean scrape_configs?");
  });

  it("explains itself", async () => {
    const help = run("--help");
    expect(await help.exit()).toBe(0);
    for (const flag of ["--config.file", "--data-dir", "--http.listen", "--log.level"]) {
      expect(help.text).toContain(flag);
    }
    const version = run("--version");
    expect(await version.exit()).toBe(0);
    expect(version.text).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("serves metrics, health, targets and reload, and ends in order", async () => {
    await configure();
    const program = start();
    const { address } = await program.line("agent runs");
    const get = async (path: string, method = "GET"): Promise<[number, string]> => {
      const response = await fetch(`http://${String(address)}${path}`, { method });
      return [response.status, await response.text()];
    };
    await receivedUntil(() => values().length > 0);
    expect(await get("/-/ready")).toEqual([200, "Narthex agent is ready.\n"]);
    expect((await get("/-/healthy"))[0]).toBe(200);
    expect((await get("/metrics"))[1]).toContain("narthex_agent_remote_storage_samples_total{");
    expect((await get("/"))[1]).toContain(`http://${target.address}/metrics`);
    const targets = JSON.parse((await get("/api/v1/targets"))[1]) as {
      data: { activeTargets: { health: string }[] };
    };
    expect(targets.data.activeTargets.map(({ health }) => health)).toEqual(["up"]);
    expect((await get("/none"))[0]).toBe(404);
    expect((await get("/-/reload"))[0]).toBe(405);
    expect((await get("/-/reload", "POST"))[0]).toBe(200);
    await configure("nonsense: 1");
    const [status, message] = await get("/-/reload", "POST");
    expect([status, message]).toEqual([500, expect.stringContaining("nonsense: unknown key")]);
    program.child.kill("SIGHUP");
    await program.line("configuration not loaded, the old one stays");
    await configure("storage:");
    const before = values().length;
    await receivedUntil(() => values().length > before);
    expect(await program.exit("SIGTERM")).toBe(0);
  });

  it("loses nothing that it scraped when it is killed while the receiver is away", async () => {
    await configure();
    let value = 0;
    target.reply = () => ({
      headers: { "content-type": "text/plain" },
      body: `a ${++value}\n`,
    });
    let away = false;
    const accept = receiver.reply;
    receiver.reply = (request) => (away ? { status: 503 } : accept(request));
    const first = start();
    await receivedUntil(() => values().length >= 3);
    away = true;
    const from = target.requests.length;
    await receivedUntil(() => target.requests.length >= from + 5);
    expect(await first.exit("SIGKILL")).toBe("SIGKILL");
    const scraped = target.requests.length;
    away = false;
    start();
    await receivedUntil(() => values().some((one) => one !== "stale" && one > scraped + 1));
    // The scrape that was under way when the process was killed may be on neither side.
    const got = new Set(values());
    for (let i = 1; i < scraped; i++) expect(got, `value ${i} of ${scraped}`).toContain(i);
    // Sent again is only what was not acknowledged, in order.
    const once = values().filter((one, i) => values().indexOf(one) === i);
    expect(once).toEqual([...once].sort((a, b) => Number(a) - Number(b)));
  });

  it("ends with an error where it cannot start", async () => {
    const program = run("--config.file", join(dir, "none.yml"));
    expect(await program.exit()).toBe(1);
    expect(program.text).toContain("none.yml");
  });
});
