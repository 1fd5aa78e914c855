import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "#pkg/prng/mod.ts";
import { api } from "../support/compare.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts } from "../support/process.ts";
import { SampleSender } from "../support/sender.ts";
import { temporaryFolder } from "../support/temp.ts";

interface Matrix {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly values: readonly (readonly [number, string])[];
  }[];
}

/** Every stored sample as `instance@ms` → value. */
async function stored(base: string, at: number): Promise<Map<string, string>> {
  const query = '{__name__=~"sent_metric_.*"}[3h]';
  const data = await api<Matrix>(base, "query", { query, time: String(at) });
  const out = new Map<string, string>();
  for (const { metric, values } of data.result) {
    for (const [t, value] of values) {
      const key = `${metric["__name__"]} ${metric["instance"]}@${Math.round(t * 1000)}`;
      expect(out.has(key)).toBe(false);
      out.set(key, value);
    }
  }
  return out;
}

test("kill -9 under load loses nothing that was acknowledged", { timeout: 240_000 }, async () => {
  const folder = await temporaryFolder("crash");
  const [port] = (await freePorts(1)) as [number];
  const seed = Number(process.env["NARTHEX_SEED"] ?? Date.now() % 1e6);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const flags = { "agent.enabled": "false", "ingester.wal-segment-bytes": "64KiB" };
  const url = `http://127.0.0.1:${port}`;
  const sender = new SampleSender({ url: `${url}/api/v1/push`, seed, series: 200, stepMs: 1_000 });
  try {
    for (let round = 0; round < 6; round++) {
      const narthex = startNarthex({ dir: folder.dir, port, flags });
      await ready(narthex, port);
      let sending = true;
      const load = (async () => {
        while (sending) await sender.send();
      })();
      // Its failure is expected, and may come before anybody waits for it.
      const flush =
        round % 2 === 1
          ? fetch(`${url}/ingester/flush`, { method: "POST" }).catch(() => undefined)
          : undefined;
      await delay(200 + random() * 800);
      await narthex.stop("SIGKILL");
      sending = false;
      await flush;
      await load;
    }
    const narthex = startNarthex({ dir: folder.dir, port, flags });
    await ready(narthex, port);
    const got = await stored(`${url}/prometheus`, Date.now() / 1000 + 600);
    const lost = sender.acknowledged.filter(({ labels, t, value }) => {
      const key = `${labels[1]} ${labels[3]}@${t}`;
      const text = got.get(key);
      return text === undefined || Number(text.replace("Inf", "Infinity")) !== value;
    });
    expect(sender.acknowledged.length).toBeGreaterThan(1000);
    expect(lost).toEqual([]);
    expect(await narthex.stop()).toBe(0);
  } finally {
    await folder.remove();
  }
});
