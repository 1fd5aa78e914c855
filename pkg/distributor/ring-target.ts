import { withTimeout } from "#pkg/async/mod.ts";
import { codeOf } from "#pkg/errs/mod.ts";
import { formatSeries } from "#pkg/labels/mod.ts";
import { type Limits, validateSeries } from "#pkg/limits/mod.ts";
import {
  canonicalLabelBytes,
  decodeLabels,
  type KnownLabels,
  LabelHasher,
  type ScannedRequest,
} from "#pkg/remotewrite/mod.ts";
import type { Ring, RingSnapshot } from "#pkg/ring/mod.ts";
import type { IngesterApi, PushOutcome, Rejection } from "#pkg/rpc/mod.ts";
import type { WriteTarget } from "./distributor.ts";
import { KnownSeries } from "./known-series.ts";
import { type Delivery, WriteQuorum } from "./write-quorum.ts";

/** Tenants whose known series are kept; senders choose the names where nobody checks them. */
const TENANTS_MAX = 10_000;

/** A `Rejection` that grows. */
interface DoorRejection {
  readonly reason: string;
  readonly message: string;
  count: number;
  histograms: number;
}

export interface RingTargetOptions {
  readonly ring: Ring;
  /** The client for an instance's address. */
  readonly client: (address: string) => IngesterApi;
  readonly limits: Limits;
  readonly hasher: LabelHasher;
  readonly pushTimeoutMs: number;
}

/** Sends each series to the ingesters that the ring names for it. */
export class RingTarget implements WriteTarget {
  readonly hasher: LabelHasher;
  readonly #options: RingTargetOptions;
  /** Slots differ by tenant, so each has a table of its own. */
  readonly #known = new Map<string, { series: KnownSeries; placement: LabelHasher }>();

  constructor(options: RingTargetOptions) {
    this.#options = options;
    this.hasher = options.hasher;
  }

  /** Series are placed by their hashes: the ingesters know them. */
  known(): undefined {
    return undefined;
  }

  prepare(): undefined {
    return undefined;
  }

  push(tenant: string, request: ScannedRequest): Promise<PushOutcome> {
    const ring = this.#options.ring.current;
    const rejected = new Map<string, DoorRejection>();
    // Prometheus sends metadata apart: it travels like one series then.
    const isMetadata = request.seriesCount === 0 && request.metadataRanges.length > 0;
    const quorum = new WriteQuorum(isMetadata ? 1 : request.seriesCount, ring.writeQuorum);
    const lists = new Map<number, number[]>();
    if (isMetadata) addReplicas(ring, metadataSlot(tenant, ring), 0, lists);
    for (let i = 0; i < request.seriesCount; i++) {
      const slot = this.#slotOf(tenant, request, i, ring, rejected);
      if (slot < 0) quorum.skip(i);
      else addReplicas(ring, slot, i, lists);
    }
    const deliveries = [...lists].map(([index, series]) => {
      const instance = ring.instances[index]!;
      const body = bodyFor(request, isMetadata ? [] : series);
      return {
        instance: instance.id,
        address: instance.address,
        series: Uint32Array.from(series),
        body,
      };
    });
    for (const delivery of deliveries) quorum.expect(delivery);
    quorum.checkReachable();
    const samples = request.sampleCount + request.histogramCount;
    return this.#send(tenant, deliveries, quorum, samples, [...rejected.values()]);
  }

  #send(
    tenant: string,
    deliveries: readonly (Delivery & { address: string; body: Uint8Array })[],
    quorum: WriteQuorum,
    samples: number,
    rejected: readonly Rejection[],
  ): Promise<PushOutcome> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (quorum.failed) reject(quorum.error());
        else if (quorum.met) resolve(quorum.outcome(samples, rejected));
      };
      check();
      for (const delivery of deliveries) {
        // Slower replicas go on after the answer, within the same deadline.
        const deadline = withTimeout(undefined, this.#options.pushTimeoutMs);
        this.#options
          .client(delivery.address)
          .push(tenant, delivery.body, deadline.signal)
          .then(
            (outcome) => quorum.succeed(delivery, outcome),
            (error: unknown) => {
              if (codeOf(error) === "unavailable") this.#options.ring.suspect(delivery.instance);
              quorum.fail(delivery, error);
            },
          )
          .then(check, reject)
          .finally(() => deadline.dispose());
      }
    });
  }

  #knownOf(tenant: string): { series: KnownSeries; placement: LabelHasher } {
    let known = this.#known.get(tenant);
    if (known === undefined) {
      // Tables are small and filled again by the next push, so the oldest may go.
      const [oldest] = this.#known.keys();
      if (this.#known.size >= TENANTS_MAX && oldest !== undefined) this.#known.delete(oldest);
      known = { series: new KnownSeries(), placement: placementHasher(tenant) };
      this.#known.set(tenant, known);
    }
    return known;
  }

  /** The slot of series `i`, or -1 if it is refused. */
  #slotOf(
    tenant: string,
    request: ScannedRequest,
    i: number,
    ring: RingSnapshot,
    rejected: Map<string, DoorRejection>,
  ): number {
    const known = this.#knownOf(tenant);
    const lo = request.hashLo[i]!;
    const hi = request.hashHi[i]!;
    const slot = known.series.find(lo, hi);
    if (slot >= 0) return slot;
    const decoded = decodeLabels(request.bytes, request.labelsStart[i]!, request.labelsEnd[i]!);
    let rejection = validateSeries(decoded.labels, this.#options.limits.for(tenant));
    if (decoded.duplicate !== undefined || decoded.invalidUtf8) {
      rejection = {
        reason: decoded.invalidUtf8 ? "label_invalid" : "duplicate_label_names",
        message: `${decoded.invalidUtf8 ? "labels are not valid UTF-8" : `duplicate label name "${decoded.duplicate}"`}, series: ${formatSeries(decoded.labels)}`,
      };
    }
    if (rejection !== undefined) {
      const count = request.samplesOf(i);
      const histograms = count - (request.sampleFrom[i + 1]! - request.sampleFrom[i]!);
      const before = rejected.get(rejection.reason);
      if (before) {
        before.count += count;
        before.histograms += histograms;
      } else rejected.set(rejection.reason, { ...rejection, count, histograms });
      return -1;
    }
    if (decoded.isCanonical) {
      known.placement.hash(request.view, request.labelsStart[i]!, request.labelsEnd[i]!);
    } else {
      const canonical = canonicalLabelBytes(decoded.labels);
      known.placement.hash(new DataView(canonical.buffer), 0, canonical.length);
    }
    const found = ring.slotOf(known.placement.lo);
    known.series.add(lo, hi, found);
    return found;
  }
}

/** Enters series `i` with the instances that a slot is written to. */
function addReplicas(
  ring: RingSnapshot,
  slot: number,
  i: number,
  lists: Map<number, number[]>,
): void {
  const at = slot * ring.replicationFactor;
  for (let r = 0; r < ring.replicationFactor; r++) {
    const instance = ring.writeTable[at + r]!;
    if (instance < 0) continue;
    const list = lists.get(instance);
    if (list) list.push(i);
    else lists.set(instance, [i]);
  }
}

/** Places the series of a tenant; the same in every process, so the seeds come from the name. */
function placementHasher(tenant: string): LabelHasher {
  const bytes = new TextEncoder().encode(tenant);
  const name = new LabelHasher(0, 0);
  name.hash(new DataView(bytes.buffer), 0, bytes.length);
  return new LabelHasher(name.lo, name.hi);
}

/** Where the metadata of a tenant goes: always to the same instances, which know what is new. */
function metadataSlot(tenant: string, ring: RingSnapshot): number {
  const placement = placementHasher(tenant);
  placement.hash(new DataView(new ArrayBuffer(0)), 0, 0);
  return ring.slotOf(placement.lo);
}

/** The part of the request that holds `series`, and all metadata; an owned copy. */
function bodyFor(request: ScannedRequest, series: readonly number[]): Uint8Array {
  const { fieldStart, fieldEnd, bytes, metadataRanges } = request;
  if (series.length === request.seriesCount && request.seriesCount > 0) {
    return bytes.slice(request.bodyStart, request.bodyEnd);
  }
  let size = 0;
  for (const i of series) size += fieldEnd[i]! - fieldStart[i]!;
  for (let i = 0; i < metadataRanges.length; i += 2) {
    size += metadataRanges[i + 1]! - metadataRanges[i]! + 6;
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (let from = 0; from < series.length; ) {
    // Neighbours go in one copy.
    let to = from + 1;
    while (to < series.length && fieldStart[series[to]!] === fieldEnd[series[to - 1]!]) to++;
    const piece = bytes.subarray(fieldStart[series[from]!]!, fieldEnd[series[to - 1]!]!);
    body.set(piece, at);
    at += piece.length;
    from = to;
  }
  for (let i = 0; i < metadataRanges.length; i += 2) {
    const length = metadataRanges[i + 1]! - metadataRanges[i]!;
    body[at++] = 0x1a;
    for (let rest = length; ; rest >>>= 7) {
      body[at++] = rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest;
      if (rest < 0x80) break;
    }
    body.set(bytes.subarray(metadataRanges[i]!, metadataRanges[i + 1]!), at);
    at += length;
  }
  return body.subarray(0, at);
}

/** A target for a process without ring: its own ingester. */
export function localTarget(ingester: {
  readonly hasher: LabelHasher;
  known(tenant: string): KnownLabels | undefined;
  prepare(tenant: string): Promise<void> | undefined;
  pushScanned(tenant: string, request: ScannedRequest): Promise<PushOutcome>;
}): WriteTarget {
  return {
    hasher: ingester.hasher,
    known: (tenant) => ingester.known(tenant),
    prepare: (tenant) => ingester.prepare(tenant),
    push: (tenant, request) => ingester.pushScanned(tenant, request),
  };
}
