import { randomUUID } from "node:crypto";
import { linkSignals } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";

/** Who asked, as far as the request says. */
export interface QueryClient {
  /** Grafana's `X-Dashboard-Uid`, `X-Panel-Id` and `X-Grafana-User`. */
  readonly dashboard?: string;
  readonly panel?: string;
  readonly user?: string;
}

/** What a running query has read so far. */
export interface QueryUsage {
  samples: number;
  series: number;
  chunks: number;
  chunkBytes: number;
}

/** A query that runs or waits for its turn. */
export interface ActiveQuery {
  readonly id: string;
  readonly tenants: readonly string[];
  readonly query: string;
  /** ms; equal for an instant query. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** When it came, ms since the epoch. */
  readonly sinceMs: number;
  /** How long it has been here, ms. */
  readonly ageMs: number;
  readonly state: "waiting" | "running";
  readonly client: QueryClient;
  readonly usage: Readonly<QueryUsage>;
}

type Described = Pick<ActiveQuery, "tenants" | "query" | "startMs" | "endMs" | "stepMs" | "client">;

/** A query's place in the list. */
export interface Ticket {
  readonly id: string;
  /** Aborts with the caller's, or when the query is cancelled by its id. */
  readonly signal: AbortSignal;
  readonly usage: QueryUsage;
  started(): void;
  /** Takes the query off the list. */
  done(): void;
}

interface Entry extends Described {
  readonly id: string;
  readonly sinceMs: number;
  readonly began: number;
  readonly usage: QueryUsage;
  state: ActiveQuery["state"];
  cancel(reason: NarthexError): void;
}

/** The queries of this process that have not been answered yet. */
export class ActiveQueries {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Puts a query on the list until its ticket is `done`. */
  add(described: Described, signal: AbortSignal): Ticket {
    const id = randomUUID();
    const linked = linkSignals(signal);
    const usage: QueryUsage = { samples: 0, series: 0, chunks: 0, chunkBytes: 0 };
    const { tenants, query, startMs, endMs, stepMs, client } = described;
    const entry: Entry = {
      ...{ id, tenants, query, startMs, endMs, stepMs, client, usage },
      sinceMs: this.#clock.now(),
      began: this.#clock.monotonic(),
      state: "waiting",
      cancel: (reason) => linked.abort(reason),
    };
    this.#entries.set(id, entry);
    return {
      id,
      usage,
      signal: linked.signal,
      started: () => {
        entry.state = "running";
      },
      done: () => {
        linked.dispose();
        this.#entries.delete(id);
      },
    };
  }

  /** The queries that `tenants` may see: those over no other tenants; oldest first. */
  list(tenants: readonly string[]): readonly ActiveQuery[] {
    const now = this.#clock.monotonic();
    return [...this.#entries.values()]
      .filter((entry) => isWithin(entry.tenants, tenants))
      .map(({ began, cancel, ...entry }) => ({
        ...entry,
        usage: { ...entry.usage },
        ageMs: Math.max(0, now - began),
      }));
  }

  /** Cancels a query that `tenants` may see; `not_found` otherwise. */
  cancel(id: string, tenants: readonly string[]): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || !isWithin(entry.tenants, tenants)) {
      throw new NarthexError("not_found", `no active query has the id ${id}`);
    }
    entry.cancel(new NarthexError("canceled", "query was canceled by request"));
  }
}

function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((tenant) => outer.includes(tenant));
}
