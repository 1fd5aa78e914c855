import { mkdir, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Agent } from "#pkg/agent/mod.ts";
import {
  adminRoutes,
  type HttpServer,
  queryRoutes,
  type Routes,
  serveHttp,
  statusRoutes,
  targetRoutes,
  writeRoutes,
} from "#pkg/api/mod.ts";
import { type Clock, systemClock } from "#pkg/clock/mod.ts";
import type { Compactor } from "#pkg/compactor/mod.ts";
import { type Config, redacted } from "#pkg/config/mod.ts";
import { Distributor, localTarget, RingTarget } from "#pkg/distributor/mod.ts";
import { assert, messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { Ingester } from "#pkg/ingester/mod.ts";
import { Limits } from "#pkg/limits/mod.ts";
import type { Bucket } from "#pkg/objstore/mod.ts";
import { randomSeed, systemRandom } from "#pkg/prng/mod.ts";
import {
  QueryService,
  type RecentReads,
  RingReads,
  type StoreGateways,
  StoreReads,
} from "#pkg/querier/mod.ts";
import type { QueryExecutor } from "#pkg/query-eval/mod.ts";
import { InlineExecutor, WorkerPool } from "#pkg/query-exec/mod.ts";
import { LabelHasher } from "#pkg/remotewrite/mod.ts";
import type { Lifecycler, Ring } from "#pkg/ring/mod.ts";
import {
  type ClientOptions,
  ClientPool,
  type GrpcServer,
  ingesterClient,
  serveGrpc,
} from "#pkg/rpc/mod.ts";
import { type Service, ServiceManager } from "#pkg/service/mod.ts";
import { StoreGateway } from "#pkg/store-gateway/mod.ts";
import { createTelemetry, forComponent, type Telemetry } from "#pkg/telemetry/mod.ts";
import { TenantResolver } from "#pkg/tenant/mod.ts";
import { everyIngester, TsdbAdmin } from "./admin.ts";
import { agentConfig, embeddedAgent } from "./agent.ts";
import { openBucket } from "./bucket.ts";
import { openCompactor, ownsTenant } from "./compaction.ts";
import { type Flush, flushOf } from "./flush.ts";
import { isQueryable, openGateways } from "./gateways.ts";
import { Membership } from "./membership.ts";
import { type Role, rolesOf } from "./targets.ts";

/** How long requests may go on after the stop; what stops processes often waits 30 s. */
const REQUESTS_END_MS = 20_000;

export interface AppOptions {
  readonly config: Config;
  /** Reads the configuration again, for reloads. */
  readonly reread?: () => Promise<Config>;
  readonly version: string;
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  /** The program of the threads that evaluate queries; without one this thread does it. */
  readonly queryWorker?: URL;
  /** The program of the threads that merge blocks; without one this thread does it. */
  readonly compactionWorker?: URL;
}

/** Below the data folder. */
const INGESTER_FOLDER = "ingester";

/** One process of Narthex: the modules that its targets need, wired and started. */
export class App {
  readonly config: Config;
  readonly roles: ReadonlySet<Role>;
  readonly telemetry: Telemetry;
  readonly #options: AppOptions;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #services = new ServiceManager();
  readonly #rings = new Map<string, Ring>();
  readonly #lifecyclers: Lifecycler[] = [];
  readonly #ingesters = new ClientPool((address) => ingesterClient(address, this.#clientOptions()));
  readonly #pools: { close(): void }[] = [this.#ingesters];
  readonly #life = new AbortController();
  #compactorLease: Lifecycler | undefined;
  #membership: Membership | undefined;
  #ingester: Ingester | undefined;
  #agent: Agent | undefined;
  #storeGateway: StoreGateway | undefined;
  #compactor: Compactor | undefined;
  #distributor: Distributor | undefined;
  #queries: QueryService | undefined;
  #executor: QueryExecutor | undefined;
  #grpc: GrpcServer | undefined;
  #http: HttpServer | undefined;
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.config = options.config;
    this.roles = rolesOf(options.config.target);
    this.#clock = options.clock ?? systemClock;
    this.telemetry =
      options.telemetry ??
      createTelemetry({
        logLevel: this.config.log.level,
        format: this.config.log.format,
        component: "narthex",
      });
    this.#limits = new Limits(this.config);
  }

  /** `host:port` of the HTTP API, once started. */
  get httpAddress(): string {
    assert(this.#http !== undefined, "the http server was not started");
    return this.#http.address;
  }

  /** Starts everything; resolves when it serves. On failure all that was started is stopped. */
  async start(): Promise<void> {
    const { config, telemetry } = this;
    const isCluster = config.ring.store === "redis";
    if (!isCluster) this.#requireWhole();
    await mkdir(config.data_dir, { recursive: true });
    try {
      if (isCluster) this.#membership = new Membership(config, { clock: this.#clock, telemetry });
      const bucket = await openBucket(config, { clock: this.#clock, telemetry });
      this.#wireBackend(bucket);
      if (isCluster) await this.#wireCluster();
      this.#wireFront();
      await this.#serve(bucket);
      if (this.roles.has("agent") && config.agent.enabled) {
        this.#agent = await embeddedAgent(config, {
          clock: this.#clock,
          telemetry,
          httpAddress: this.httpAddress,
          version: this.#options.version,
          distributor: this.#distributor,
        });
        // Stopped first, so that what it scraped last still finds an ingester.
        this.#services.add(this.#agent, this.#ingester ? ["ingester"] : []);
      }
      await this.#services.start(this.#life.signal);
      for (const lifecycler of this.#lifecyclers) await lifecycler.changeState("ACTIVE");
      this.#started = true;
      telemetry.log.info({ http: this.httpAddress, targets: config.target }, "narthex is running");
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw error;
    }
  }

  /** Without a shared ring, one process must hold every part that its parts talk to. */
  #requireWhole(): void {
    const storage: readonly Role[] = ["distributor", "ingester", "querier", "store-gateway"];
    const missing = storage.filter((role) => !this.roles.has(role));
    if (missing.length === 0) return;
    throw new NarthexError(
      "bad_data",
      `target ${this.config.target.join(",")} lacks ${missing.join(", ")}: with ring.store "memory" one process holds all roles; use ring.store "redis" for several`,
    );
  }

  #wireBackend(bucket: Bucket): void {
    const { config, telemetry } = this;
    if (this.roles.has("store-gateway")) {
      this.#storeGateway = new StoreGateway({
        config: config.store_gateway,
        bucket,
        rootTenant: config.bucket.root_tenant,
        clock: this.#clock,
        telemetry: forComponent(telemetry, "store-gateway"),
      });
      this.#services.add(this.#storeGateway);
    }
    if (this.roles.has("compactor") && config.compactor.enabled) {
      this.#compactor = openCompactor(config, {
        bucket,
        limits: this.#limits,
        clock: this.#clock,
        telemetry,
        program: this.#options.compactionWorker,
        owns: (tenant) =>
          ownsTenant(this.#rings.get("compactor"), this.#membership?.instanceId ?? "", tenant),
      });
      this.#services.add(this.#compactor);
    }
    if (this.roles.has("ingester")) {
      const hasher = new LabelHasher(randomSeed(), randomSeed());
      this.#ingester = new Ingester({
        config: config.ingester,
        dir: join(config.data_dir, INGESTER_FOLDER),
        limits: this.#limits,
        clock: this.#clock,
        random: systemRandom,
        telemetry: forComponent(telemetry, "ingester"),
        bucket,
        hasher,
        isQueryable: (tenant, id, signal) =>
          isQueryable(this.#gateways(), bucket, { tenant, id }, signal),
      });
      this.#services.add(this.#ingester);
    }
  }

  #gatewaysMade: StoreGateways | undefined;

  #gateways(): StoreGateways {
    this.#gatewaysMade ??= openGateways({
      ring: this.#rings.get("store-gateway"),
      own: this.#storeGateway,
      clientOptions: this.#clientOptions(),
      pools: this.#pools,
    });
    return this.#gatewaysMade;
  }

  #clientOptions(): ClientOptions {
    return {
      telemetry: forComponent(this.telemetry, "rpc"),
      maxReceiveBytes: this.config.grpc.client.max_message_bytes,
      pushTimeoutMs: this.config.distributor.push_timeout,
      queryTimeoutMs: this.config.querier.timeout,
    };
  }

  /** Rings to watch, the gRPC server, and this process's leases. */
  async #wireCluster(): Promise<void> {
    const membership = this.#membership;
    assert(membership !== undefined, "a cluster has membership");
    const { config } = this;
    const watched = new Set<string>();
    if (this.roles.has("distributor") || this.roles.has("querier")) watched.add("ingester");
    if (this.roles.has("querier") || this.roles.has("ingester")) watched.add("store-gateway");
    if (this.#compactor || config.api.enable_admin) watched.add("compactor");
    for (const name of watched) {
      const ring = membership.ring(name);
      this.#rings.set(name, ring);
      this.#services.add(ring);
    }
    if (this.#compactor) {
      // Nobody calls it; the address is for people.
      const at = config.grpc.advertise || config.grpc.listen;
      this.#compactorLease = membership.lifecycler("compactor", at, false);
      this.#join(this.#compactorLease, "compactor");
    }
    if (this.#ingester === undefined && this.#storeGateway === undefined) return;
    this.#grpc = await serveGrpc({
      listen: config.grpc.listen,
      maxReceiveBytes: config.grpc.client.max_message_bytes,
      telemetry: forComponent(this.telemetry, "grpc"),
      ...(this.#ingester ? { ingester: this.#ingester } : {}),
      ...(this.#storeGateway ? { storeGateway: this.#storeGateway } : {}),
    });
    const address = config.grpc.advertise || this.#grpc.address;
    if (this.#ingester) {
      const folder = join(config.data_dir, INGESTER_FOLDER);
      const hasData = (await readdir(folder).catch(() => [])).length > 0;
      this.#join(membership.lifecycler("ingester", address, hasData), "ingester");
    }
    if (this.#storeGateway) {
      this.#join(membership.lifecycler("store-gateway", address, true), "store-gateway");
    }
  }

  #join(lifecycler: Lifecycler, dependsOn: string): void {
    this.#lifecyclers.push(lifecycler);
    this.#services.add(lifecycler, [dependsOn]);
  }

  /** The parts that clients talk to. */
  #wireFront(): void {
    const { config, telemetry } = this;
    const ring = this.#rings.get("ingester");
    const pool = this.#ingesters;
    ring?.onSnapshot((snapshot) => pool.retain(new Set(snapshot.instances.map((i) => i.address))));
    if (this.roles.has("distributor")) {
      const target =
        ring === undefined
          ? localTarget(this.#ownIngester())
          : new RingTarget({
              ring,
              client: (address) => pool.get(address),
              limits: this.#limits,
              hasher: new LabelHasher(randomSeed(), randomSeed()),
              pushTimeoutMs: config.distributor.push_timeout,
            });
      this.#distributor = new Distributor({
        config: config.distributor,
        limits: this.#limits,
        clock: this.#clock,
        telemetry: forComponent(telemetry, "distributor"),
        target,
      });
    }
    if (this.roles.has("querier")) {
      const recent: RecentReads =
        ring === undefined
          ? this.#ownIngester()
          : new RingReads(ring, (address) => pool.get(address));
      this.#queries = new QueryService({
        config: config.querier,
        limits: this.#limits,
        telemetry: forComponent(telemetry, "querier"),
        recent,
        stores: new StoreReads(this.#gateways()),
        clock: this.#clock,
        executor: this.#openExecutor(),
      });
    }
  }

  #openExecutor(): QueryExecutor {
    const { queryWorker } = this.#options;
    const { worker_threads, worker_memory } = this.config.querier;
    this.#executor =
      queryWorker === undefined
        ? new InlineExecutor(this.#clock)
        : new WorkerPool({
            program: queryWorker,
            threads: worker_threads || Math.max(1, availableParallelism() - 1),
            heapMb: Math.ceil(worker_memory / 2 ** 20),
            clock: this.#clock,
            telemetry: forComponent(this.telemetry, "querier"),
          });
    return this.#executor;
  }

  #ownIngester(): Ingester {
    assert(this.#ingester !== undefined, "a process without ring has its own ingester");
    return this.#ingester;
  }

  /** Administration of tenants, where it is enabled. */
  #admin(bucket: Bucket): TsdbAdmin | undefined {
    const flush = this.#flush();
    if (!this.config.api.enable_admin || flush === undefined) return undefined;
    const ring = this.#rings.get("ingester");
    return new TsdbAdmin({
      bucket,
      clock: this.#clock,
      random: systemRandom,
      gateways: this.#gateways(),
      ingesters: () =>
        ring === undefined
          ? [this.#ownIngester()]
          : everyIngester(ring, (address) => this.#ingesters.get(address)),
      nudge: () => {
        const own = this.#compactor;
        // Those of other processes find out by themselves.
        const others = this.#rings.get("compactor")?.current.instances ?? [];
        return own || others.some(({ writable }) => writable) ? () => own?.nudge() : undefined;
      },
      flush,
      dir: join(this.config.data_dir, "snapshots"),
    });
  }

  async #serve(bucket: Bucket): Promise<void> {
    const { config } = this;
    const tenants = new TenantResolver({ authEnabled: config.auth.enabled });
    const routes: Routes[] = [];
    if (this.#distributor) routes.push(writeRoutes(this.#distributor, tenants));
    if (this.#queries) {
      const buildInfo = {
        application: "Narthex",
        version: this.#options.version,
        revision: "",
        branch: "",
        buildUser: "",
        buildDate: "",
        goVersion: "",
      };
      routes.push(queryRoutes({ query: this.#queries, tenants, clock: this.#clock, buildInfo }));
    }
    if (this.#queries) routes.push(adminRoutes(this.#admin(bucket), tenants));
    if (this.roles.has("agent")) routes.push(targetRoutes(() => this.#agent?.targets()));
    const listed: string[] = [];
    const queries = this.#queries;
    routes.push(
      statusRoutes({
        version: this.#options.version,
        targets: config.target,
        registry: this.telemetry.registry,
        notReady: () => this.#notReady(),
        stopping: () => this.#stopping !== undefined,
        services: () => this.#services.states(),
        rings: () => new Map([...this.#rings].map(([name, ring]) => [name, ring.report()])),
        tenants: queries && ((signal) => queries.tenantStats(signal)),
        configYaml: () => stringify(redacted(this.config)),
        reload: () => this.reload(),
        flush: this.#flush(),
        routes: () => listed,
      }),
    );
    this.#http = await serveHttp({
      listen: config.http.listen,
      maxRequestBytes: config.http.max_request_bytes,
      telemetry: forComponent(this.telemetry, "http"),
      routes,
      onRoute: (method, path) => listed.push(`${method} ${path}`),
    });
  }

  #flush(): Flush | undefined {
    const ring = this.#rings.get("ingester");
    return flushOf(this.#ingester, ring, (address) => this.#ingesters.get(address));
  }

  #notReady(): string | undefined {
    if (this.#stopping !== undefined) return "shutting down";
    const reason = this.#services.notReadyReason();
    if (reason !== undefined) return reason;
    if (!this.#started) return "starting";
    const ring = this.#rings.get("ingester");
    if (ring === undefined) return undefined;
    const { instances, writeQuorum } = ring.current;
    const writable = instances.filter((instance) => instance.writable).length;
    if (writable >= writeQuorum) return undefined;
    return `${writable} writable ingesters in the ring, want ${writeQuorum}`;
  }

  /** Takes over what can change at run time: limits, overrides, and what the agent scrapes. */
  async reload(): Promise<void> {
    const { reread } = this.#options;
    if (reread === undefined)
      throw new NarthexError("unsupported", "there is no configuration file");
    try {
      const config = await reread();
      await this.#agent?.reload(await agentConfig(config, this.httpAddress));
      this.#limits.reload(config);
      this.telemetry.log.info("configuration reloaded");
    } catch (error) {
      this.telemetry.log.error(
        { reason: messageOf(error) },
        "configuration not reloaded, the old one stays",
      );
      throw error;
    }
  }

  /** Stops accepting, lets requests end, closes the WAL; nothing acknowledged is lost. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.telemetry.log.info("shutting down");
    const steps = [
      ...this.#lifecyclers.map((lifecycler) => async () => {
        if (lifecycler.state !== "running") return;
        // What a compactor leaves undone is nobody's loss, so others may begin at once.
        await lifecycler.changeState(lifecycler === this.#compactorLease ? "LEFT" : "LEAVING");
      }),
      () => this.#stopHttp(),
      async () => this.#executor?.stop(),
      async () => this.#grpc?.stop(),
      async () => this.#life.abort(),
      () => this.#services.stop(),
      async () => {
        for (const pool of this.#pools) pool.close();
      },
      async () => this.#membership?.close(),
    ];
    // One step that fails must not keep the others from happening: the WAL is closed by one of them.
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** Lets requests end, for a while: one whose client is stuck would keep the WAL from its close. */
  async #stopHttp(): Promise<void> {
    const http = this.#http;
    if (http === undefined) return;
    const timer = this.#clock.setTimeout(() => {
      this.telemetry.log.warn("requests did not end in time, their connections are cut");
      http.server.server.closeAllConnections();
    }, REQUESTS_END_MS);
    try {
      await http.stop();
    } finally {
      timer.cancel();
    }
  }

  /** Rejects when a service fails after the start; for `main`. */
  failed(): Promise<Service> {
    return new Promise((resolve) => this.#services.onFailure(resolve));
  }
}
