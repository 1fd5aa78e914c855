import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { labelValue } from "#pkg/labels/mod.ts";
import { seededRandom } from "#pkg/prng/mod.ts";
import { ready, startNarthex } from "../support/narthex.ts";
import { freePorts, type RunningProcess } from "../support/process.ts";
import { SampleSender, type SentSample } from "../support/sender.ts";
import { keyOfSample, storedSamples } from "../support/stored.ts";
import { temporaryFolder } from "../support/temp.ts";

/** `NARTHEX_KILLS=100` for more of them. */
const KILLS = Number(process.env["NARTHEX_KILLS"] ?? 15);
const SERIES = 60;
const STEP_MS = 1_000;
/** Samples are looked at after so many kills, and at the end. */
const CHECK_EVERY = 10;

/**
 * All that the storage does, often: small segments, blocks of two minutes of sample time, which goes by
 * in seconds; checkpoints between the cuts; merges, and blocks that are deleted.
 */
const FLAGS = {
  "agent.enabled": "false",
  "api.enable-admin": "true",
  "log.level": "info",
  "ingester.block-duration": "2m",
  "ingester.flush-interval": "150ms",
  "ingester.local-retention": "0s",
  "ingester.wal-segment-bytes": "16KiB",
  "ingester.wal-checkpoint-bytes": "24KiB",
  "store-gateway.sync-interval": "200ms",
  "store-gateway.ignore-deletion-marks-delay": "1s",
  "compactor.block-ranges": "2m,6m,30m",
  "compactor.interval": "300ms",
  "compactor.consistency-delay": "0",
  "compactor.deletion-delay": "3s",
  "compactor.tombstone-rewrite-delay": "1s",
};

/** Traces of work in progress, by which the moment of a kill is chosen. */
const MOMENTS: Readonly<Record<string, RegExp>> = {
  checkpoint: /ingester\/anonymous\/wal\/checkpoint\.\d+\.tmp$/,
  cut: /ingester\/anonymous\/blocks\/\w+\.tmp-for-creation$/,
  merge: /compactor\/anonymous\//,
  upload: /bucket\/(?:\.tmp\/|anonymous\/\w{26}\/chunks$)/,
};

async function pathsBelow(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true }).catch(() => [] as string[]);
  return names.map((name) => name.replaceAll("\\", "/"));
}

/** Waits until something that matches is there that was not before, but no longer than the limit. */
async function until(dir: string, moment: RegExp, limitMs: number): Promise<boolean> {
  const before = new Set((await pathsBelow(dir)).filter((path) => moment.test(path)));
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    const found = (await pathsBelow(dir)).find((path) => moment.test(path) && !before.has(path));
    if (found !== undefined) return true;
    await delay(2);
  }
  return false;
}

/** Samples that were deleted, or may have been: the answer to the request was lost. */
interface Deletion {
  readonly instance: string;
  readonly untilMs: number;
  isAcknowledged: boolean;
}

function isConcerned({ instance, untilMs }: Deletion, sample: SentSample): boolean {
  return labelValue(sample.labels, "instance") === instance && sample.t <= untilMs;
}

async function remove(base: string, deletion: Deletion): Promise<void> {
  const params = new URLSearchParams({
    "match[]": `{instance="${deletion.instance}"}`,
    end: String(deletion.untilMs / 1000),
  });
  const url = `${base}/api/v1/admin/tsdb/delete_series?${params}`;
  const response = await fetch(url, { method: "POST" });
  await response.text();
  deletion.isAcknowledged = response.status === 204;
}

/** What is wrong with the stored samples, a line each. */
function problems(
  got: ReadonlyMap<string, string>,
  acknowledged: readonly SentSample[],
  deletions: readonly { readonly deletion: Deletion; readonly sentBefore: number }[],
): string[] {
  const out: string[] = [];
  for (const [i, sample] of acknowledged.entries()) {
    const concerned = deletions.filter(
      ({ deletion, sentBefore }) => i < sentBefore && isConcerned(deletion, sample),
    );
    const key = keyOfSample(sample);
    const text = got.get(key);
    if (concerned.some(({ deletion }) => deletion.isAcknowledged)) {
      if (text !== undefined) out.push(`${key} is back`);
    } else if (text === undefined) {
      if (concerned.length === 0) out.push(`${key} is lost`);
    } else if (Number(text.replace("Inf", "Infinity")) !== sample.value) {
      out.push(`${key} is ${text}, want ${sample.value}`);
    }
  }
  return out;
}

test(`${KILLS} times kill -9 at random moments: nothing acknowledged is lost, nothing deleted is back`, {
  timeout: 60_000 + KILLS * 15_000,
}, async () => {
  const folder = await temporaryFolder("kills");
  const [port] = (await freePorts(1)) as [number];
  const seed = Number(process.env["NARTHEX_SEED"] ?? Date.now() % 1e6);
  const random = seededRandom(seed);
  const base = `http://127.0.0.1:${port}`;
  const startMs = Date.now() - 5 * 3_600_000;
  const url = `${base}/api/v1/push`;
  const sender = new SampleSender({ url, seed, series: SERIES, stepMs: STEP_MS, startMs });
  const deletions: { deletion: Deletion; sentBefore: number }[] = [];
  const moments = ["none", ...Object.keys(MOMENTS), "deletion"];
  const met: Record<string, number> = {};
  let narthex: RunningProcess | undefined;
  try {
    for (let kill = 0; kill <= KILLS; kill++) {
      narthex = startNarthex({ dir: folder.dir, port, flags: FLAGS });
      await ready(narthex, port);
      if (kill % CHECK_EVERY === 0 || kill === KILLS) {
        const got = await storedSamples(`${base}/prometheus`, startMs + 6 * 3_600_000);
        const wrong = problems(got, sender.acknowledged, deletions);
        expect(wrong, `seed ${seed}, after ${kill} kills`).toEqual([]);
      }
      if (kill === KILLS) break;
      let sending = true;
      const load = (async () => {
        while (sending) await sender.send();
      })();
      const moment = moments[Math.floor(random() * moments.length)]!;
      await delay(100 + random() * 500);
      if (moment === "deletion") {
        const instance = `host-${Math.floor(random() * SERIES)}`;
        const last = sender.acknowledged.at(-1)?.t ?? 0;
        const deletion = { instance, untilMs: last - 5_000, isAcknowledged: false };
        const request = remove(base, deletion).catch(() => undefined);
        deletions.push({ deletion, sentBefore: sender.acknowledged.length });
        // In its midst, or soon after it.
        await Promise.race([request, delay(random() * 40)]);
        if (random() < 0.5) await Promise.race([request, delay(5_000)]);
        met["deletion"] = (met["deletion"] ?? 0) + 1;
      } else if (moment !== "none") {
        if (await until(join(folder.dir, "narthex"), MOMENTS[moment]!, 2_500)) {
          met[moment] = (met[moment] ?? 0) + 1;
        }
        await delay(random() * 12);
      }
      await narthex.stop("SIGKILL");
      sending = false;
      await load;
    }
    console.log(
      `seed ${seed}: ${KILLS} kills, ${sender.acknowledged.length} samples acknowledged, in the midst of ${JSON.stringify(met)}`,
    );
    expect(sender.acknowledged.length).toBeGreaterThan(1000);
    expect(await narthex?.stop()).toBe(0);
  } finally {
    await narthex?.stop("SIGKILL");
    await folder.remove();
  }
});
