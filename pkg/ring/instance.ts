import { NarthexError } from "#pkg/errs/mod.ts";

/**
 * ```
 * PENDING ─▶ JOINING ─▶ ACTIVE ◀─▶ READONLY
 *                         │           │
 *                         ▼           ▼
 *                       LEAVING ──▶ LEFT
 * ```
 * PENDING: registered; JOINING: getting ready, such as replaying its WAL; ACTIVE: reads and writes;
 * READONLY: reads alone; LEAVING: going away, still has data; LEFT: all it had is elsewhere.
 */
export const INSTANCE_STATES = [
  "PENDING",
  "JOINING",
  "ACTIVE",
  "LEAVING",
  "LEFT",
  "READONLY",
] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** What an instance says of itself in the ring store. */
export interface InstanceEntry {
  /** Stable over restarts. */
  readonly id: string;
  /** `host:port` of its gRPC server. */
  readonly address: string;
  readonly zone: string;
  readonly state: InstanceState;
  /** Its wall time at the last heartbeat, ms since the epoch. */
  readonly heartbeat: number;
  /** Its wall time when it first registered, ms since the epoch. */
  readonly registered: number;
  /** Differs from start to start; tells two processes with one id apart. */
  readonly incarnation: string;
  /** True until it first becomes ACTIVE with an empty disk: it cannot hold data yet. */
  readonly fresh: boolean;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Raises `bad_data` for an id that cannot name an instance. */
export function checkInstanceId(id: string): void {
  if (ID.test(id)) return;
  throw new NarthexError(
    "bad_data",
    `instance id ${JSON.stringify(id)}: want letters, digits, ".", "_", ":" and "-", at most 128`,
  );
}

/** The entry as the store keeps it. */
export function encodeEntry(entry: InstanceEntry): string {
  const { id, address, zone, state, heartbeat, registered, incarnation, fresh } = entry;
  return JSON.stringify({ id, address, zone, state, heartbeat, registered, incarnation, fresh });
}

/** The entry that `text` holds, or undefined where it holds none. */
export function decodeEntry(text: string): InstanceEntry | undefined {
  let value: Partial<Record<keyof InstanceEntry, unknown>>;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    // Reported by the caller, which knows the key.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { id, address, zone, state, heartbeat, registered, incarnation, fresh } = value;
  const known = INSTANCE_STATES.find((name) => name === state);
  if (
    typeof id !== "string" ||
    !ID.test(id) ||
    typeof address !== "string" ||
    typeof zone !== "string" ||
    typeof heartbeat !== "number" ||
    typeof registered !== "number" ||
    known === undefined
  ) {
    return undefined;
  }
  return {
    id,
    address,
    zone,
    state: known,
    heartbeat,
    registered,
    incarnation: typeof incarnation === "string" ? incarnation : "",
    fresh: fresh === true,
  };
}
