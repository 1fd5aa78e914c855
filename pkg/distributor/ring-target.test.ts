import { expect, test } from "vitest";
import { systemClock } from "#pkg/clock/mod.ts";
import { loadConfig } from "#pkg/config/mod.ts";
import { NarthexError } from "#pkg/errs/mod.ts";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { Limits } from "#pkg/limits/mod.ts";
import {
  decodeHistogramMessage,
  decodeLabels,
  LabelHasher,
  ScannedRequest,
  WriteRequestBuilder,
} from "#pkg/remotewrite/mod.ts";
import { Lifecycler, MemoryRingStore, Ring } from "#pkg/ring/mod.ts";
import type { IngesterApi, PushOutcome } from "#pkg/rpc/mod.ts";
import { quietTelemetry } from "#pkg/telemetry/mod.ts";
import { RingTarget } from "./ring-target.ts";

/** Six ingesters in three zones that remember which series they got, or fail. */
async function ringOfSix(): Promise<{
  ring: Ring;
  received: Map<string, string[]>;
  failing: Set<string>;
  target: RingTarget;
  stop(): Promise<void>;
}> {
  const deps = { store: new MemoryRingStore(), clock: systemClock, telemetry: quietTelemetry() };
  const signal = new AbortController().signal;
  const lifecyclers: Lifecycler[] = [];
  for (let i = 0; i < 6; i++) {
    const id = `ingester-${i}`;
    const lifecycler = new Lifecycler(deps, {
      name: "ingester",
      id,
      address: id,
      zone: `zone-${i % 3}`,
    });
    await lifecycler.start(signal);
    await lifecycler.changeState("ACTIVE");
    lifecyclers.push(lifecycler);
  }
  const ring = new Ring(deps, {
    name: "ingester",
    replicationFactor: 3,
    zoneAware: true,
    slots: 256,
  });
  await ring.start(signal);
  const received = new Map<string, string[]>();
  const failing = new Set<string>();
  const hasher = new LabelHasher(3, 4);
  const client = (address: string): IngesterApi =>
    ({
      async push(tenant: string, body: Uint8Array): Promise<PushOutcome> {
        if (failing.has(address)) throw new NarthexError("unavailable", `${address} is down`);
        const request = new ScannedRequest();
        request.scan(body, 0, body.length, hasher);
        const names = (received.get(address) ?? []).slice();
        for (let i = 0; i < request.metadataRanges.length; i += 2) names.push(`${tenant}/metadata`);
        for (let i = 0; i < request.seriesCount; i++) {
          const { labels } = decodeLabels(
            request.bytes,
            request.labelsStart[i]!,
            request.labelsEnd[i]!,
          );
          names.push(`${tenant}/${labels.join(",")}`);
        }
        for (let k = 0; k < request.histogramCount; k++) {
          const range = [request.histogramStart[k]!, request.histogramEnd[k]!] as const;
          names.push(`${tenant}/histogram ${decodeHistogramMessage(request.bytes, ...range).t}`);
        }
        received.set(address, names);
        return { samples: request.sampleCount, rejected: [] };
      },
    }) as unknown as IngesterApi;
  const target = new RingTarget({
    ring,
    client,
    limits: new Limits(loadConfig({})),
    hasher,
    pushTimeoutMs: 1000,
  });
  return {
    ring,
    received,
    failing,
    target,
    stop: async () => {
      await ring.stop();
      for (const lifecycler of lifecyclers) await lifecycler.stop();
    },
  };
}

function request(count: number): ScannedRequest {
  const builder = new WriteRequestBuilder();
  for (let i = 0; i < count; i++) {
    builder.sample(labelsFromObject({ __name__: "m", i: String(i) }), 1000, 0, 0);
  }
  builder.sample(labelsFromObject({ i: "nameless" }), 1000, 0, 0);
  builder.metadata({ metric: "m", type: "gauge", help: "h", unit: "" });
  const scanned = new ScannedRequest();
  const body = builder.view();
  scanned.scan(body, 0, body.length, new LabelHasher(3, 4));
  return scanned;
}

test("each valid series reaches one ingester in each zone, the same at every push", async () => {
  const { received, target, stop } = await ringOfSix();
  try {
    const outcome = await target.push("t", request(200));
    expect(outcome.samples).toBe(200);
    expect(outcome.rejected).toEqual([
      expect.objectContaining({ reason: "missing_metric_name", count: 1 }),
    ]);
    const zones = new Map<string, Set<number>>();
    for (const [address, names] of received) {
      for (const name of names) {
        if (name === "t/metadata") continue;
        const zone = Number(address.slice(-1)) % 3;
        const seen = zones.get(name) ?? zones.set(name, new Set()).get(name)!;
        expect(seen.has(zone)).toBe(false);
        seen.add(zone);
      }
    }
    expect(zones.size).toBe(200);
    for (const seen of zones.values()) expect(seen.size).toBe(3);
    const first = new Map([...received].map(([address, names]) => [address, names.slice().sort()]));
    received.clear();
    await target.push("t", request(200));
    expect(
      new Map([...received].map(([address, names]) => [address, names.slice().sort()])),
    ).toEqual(first);
    // Another tenant's series lie elsewhere.
    received.clear();
    await target.push("u", request(200));
    const moved = [...received].filter(
      ([address, names]) => names.length !== first.get(address)?.length,
    );
    expect(moved.length).toBeGreaterThan(0);
  } finally {
    await stop();
  }
});

test("native histograms travel with their series, and count as samples", async () => {
  const { received, target, stop } = await ringOfSix();
  const builder = new WriteRequestBuilder();
  const named = (i: number): ReturnType<typeof labelsFromObject> =>
    labelsFromObject({ __name__: "h", i: String(i) });
  for (let t = 0; t < 20; t++) builder.histogram(named(t % 5), t, undefined, true);
  for (let t = 20; t < 23; t++) builder.histogram(["i", "nameless"], t, undefined, true);
  builder.sample(named(7), 1000, 0, 0);
  const body = builder.view();
  const mixed = new ScannedRequest();
  mixed.scan(body, 0, body.length, new LabelHasher(3, 4));
  try {
    expect(await target.push("t", mixed)).toEqual({
      samples: 21,
      rejected: [expect.objectContaining({ reason: "missing_metric_name", count: 3 })],
    });
    const copies = (): number[] =>
      Array.from(
        { length: 23 },
        (_, t) =>
          [...received.values()].filter((names) => names.includes(`t/histogram ${t}`)).length,
      );
    const want = Array.from({ length: 23 }, (_, t) => (t < 20 ? 3 : 0));
    await expect.poll(copies).toEqual(want);
  } finally {
    await stop();
  }
});

test("metadata that comes without series reaches a quorum of ingesters", async () => {
  const { received, failing, target, stop } = await ringOfSix();
  const builder = new WriteRequestBuilder();
  builder.metadata({ metric: "m", type: "gauge", help: "h", unit: "" });
  builder.metadata({ metric: "n", type: "gauge", help: "h", unit: "" });
  const body = builder.view();
  const alone = new ScannedRequest();
  alone.scan(body, 0, body.length, new LabelHasher(3, 4));
  try {
    expect(await target.push("t", alone)).toEqual({ samples: 0, rejected: [] });
    await expect.poll(() => received.size).toBe(3);
    for (const names of received.values()) expect(names).toEqual(["t/metadata", "t/metadata"]);
    for (let i = 0; i < 6; i++) failing.add(`ingester-${i}`);
    await expect(target.push("t", alone)).rejects.toMatchObject({ code: "unavailable" });
  } finally {
    await stop();
  }
});

test("one zone down is fine, two are not, and the error names them", async () => {
  const { failing, target, stop } = await ringOfSix();
  try {
    for (const id of ["ingester-0", "ingester-3"]) failing.add(id);
    expect((await target.push("t", request(50))).samples).toBe(50);
    for (const id of ["ingester-1", "ingester-4"]) failing.add(id);
    await expect(target.push("t", request(50))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/ingester-\d is down/),
    });
  } finally {
    await stop();
  }
});
