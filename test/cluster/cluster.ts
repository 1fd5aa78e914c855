import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "minio";
import { peer } from "../peers/peers.ts";
import { type S3Server, startS3 } from "../peers/s3.ts";
import { program, ready, startNarthex } from "../support/narthex.ts";
import { freePorts, RunningProcess } from "../support/process.ts";

/** What to start; counts have defaults. */
export interface ClusterOptions {
  /** Folder of all data and logs. */
  readonly dir: string;
  readonly zones?: readonly string[];
  readonly ingestersPerZone?: number;
  readonly distributors?: number;
  readonly queriers?: number;
  readonly storeGateways?: number;
  readonly compactors?: number;
  /** Start an agent that scrapes the cluster itself. */
  readonly agent?: boolean;
  /** Further flags for all Narthex processes. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Hears what happens. */
  readonly say?: (text: string) => void;
}

interface Member {
  readonly name: string;
  readonly port: number;
  start(): RunningProcess;
  process: RunningProcess;
}

/** A cluster of real processes on this machine: Redis, S3, and every role in its own process. */
export class LocalCluster {
  readonly #options: ClusterOptions;
  readonly #members = new Map<string, Member>();
  readonly #others: RunningProcess[] = [];
  #s3: S3Server | undefined;

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Starts everything and waits until it serves. What was started is ended if something fails. */
  static async start(options: ClusterOptions): Promise<LocalCluster> {
    const cluster = new LocalCluster(options);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Base URLs of the processes whose names begin with `role`. */
  urls(role: string): string[] {
    return [...this.#members.values()]
      .filter(({ name }) => name.startsWith(role))
      .map(({ port }) => `http://127.0.0.1:${port}`);
  }

  get names(): string[] {
    return [...this.#members.keys()];
  }

  process(name: string): RunningProcess {
    return this.#member(name).process;
  }

  /** Ends a process; SIGKILL unless told otherwise. */
  async kill(name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#member(name).process.stop(signal);
  }

  /** Starts a process that was ended, with the same name, ports and data. */
  async restart(name: string): Promise<void> {
    const member = this.#member(name);
    member.process = member.start();
    await ready(member.process, member.port);
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (!member) throw new Error(`the cluster has no ${name}: ${this.names.join(", ")}`);
    return member;
  }

  async #start(): Promise<void> {
    const { dir, say = () => undefined } = this.#options;
    await mkdir(dir, { recursive: true });
    const redis = peer("redis-server");
    if (redis === undefined) throw new Error("redis-server is missing: npm run peers installs it");
    const [redisPort] = (await freePorts(1)) as [number];
    say("starting redis and s3");
    this.#others.push(
      new RunningProcess({
        name: "redis",
        command: redis,
        args: ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--dir", dir],
        log: join(dir, "redis.log"),
      }),
    );
    const s3 = await startS3();
    this.#s3 = s3;
    await makeBucket(s3);
    const common = {
      "ring.store": "redis",
      "ring.redis-url": `redis://127.0.0.1:${redisPort}`,
      "ring.heartbeat-period": "1s",
      "ring.heartbeat-timeout": "10s",
      "bucket.backend": "s3",
      "bucket.s3.endpoint": s3.endpoint,
      "bucket.s3.bucket": s3.bucket,
      "bucket.s3.region": s3.region,
      "bucket.s3.access-key-id": s3.accessKey,
      "bucket.s3.secret-access-key": s3.secretKey,
      ...this.#options.flags,
    };
    const { zones = ["zone-a", "zone-b", "zone-c"], ingestersPerZone = 1 } = this.#options;
    const { distributors = 2, queriers = 2, storeGateways = 2, compactors = 1 } = this.#options;
    const plan: { name: string; target: string; zone?: string }[] = [];
    for (let i = 0; i < storeGateways; i++)
      plan.push({ name: `store-gateway-${i}`, target: "store-gateway" });
    for (const zone of zones) {
      for (let i = 0; i < ingestersPerZone; i++) {
        plan.push({ name: `ingester-${zone}-${i}`, target: "ingester", zone });
      }
    }
    for (let i = 0; i < distributors; i++)
      plan.push({ name: `distributor-${i}`, target: "distributor" });
    for (let i = 0; i < queriers; i++) plan.push({ name: `querier-${i}`, target: "querier" });
    for (let i = 0; i < compactors; i++) plan.push({ name: `compactor-${i}`, target: "compactor" });
    const ports = await freePorts(2 * plan.length);
    say(`starting ${plan.length} processes`);
    for (const [i, { name, target, zone }] of plan.entries()) {
      const port = ports[2 * i] as number;
      const flags: Record<string, string> = {
        ...common,
        target,
        "instance.id": name,
        "grpc.listen": `127.0.0.1:${ports[2 * i + 1]}`,
        ...(zone === undefined ? {} : { "instance.zone": zone }),
      };
      const start = (): RunningProcess => startNarthex({ name, dir, port, flags });
      this.#members.set(name, { name, port, start, process: start() });
    }
    await Promise.all([...this.#members.values()].map(({ process, port }) => ready(process, port)));
    if (this.#options.agent === true) await this.#startAgent(say);
  }

  async #startAgent(say: (text: string) => void): Promise<void> {
    const { dir } = this.#options;
    say("starting the agent");
    const [port] = (await freePorts(1)) as [number];
    const targets = [...this.#members.values()].map((member) => `'127.0.0.1:${member.port}'`);
    const file = join(dir, "agent.yml");
    await writeFile(
      file,
      [
        "global: {scrape_interval: 5s}",
        "scrape_configs:",
        "  - job_name: narthex",
        `    static_configs: [{targets: [${targets.join(", ")}]}]`,
        "remote_write:",
        `  - url: ${this.urls("distributor")[0]}/api/v1/push`,
        "",
      ].join("\n"),
    );
    const start = (): RunningProcess =>
      new RunningProcess({
        name: "agent",
        command: process.execPath,
        args: [
          program("narthex-agent"),
          `--config.file=${file}`,
          `--data-dir=${join(dir, "agent")}`,
          `--http.listen=127.0.0.1:${port}`,
        ],
        log: join(dir, "agent.log"),
      });
    const member = { name: "agent", port, start, process: start() };
    this.#members.set("agent", member);
  }

  /** Ends all processes of the cluster, the newest first. */
  async stop(): Promise<void> {
    const members = [...this.#members.values()].reverse();
    await Promise.all(members.map(({ process }) => process.stop("SIGTERM", 10_000)));
    for (const other of this.#others) await other.stop();
    await this.#s3?.stop();
  }
}

async function makeBucket(s3: S3Server): Promise<void> {
  const url = new URL(s3.endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    useSSL: url.protocol === "https:",
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    region: s3.region,
  });
  if (!(await client.bucketExists(s3.bucket))) await client.makeBucket(s3.bucket, s3.region);
}
