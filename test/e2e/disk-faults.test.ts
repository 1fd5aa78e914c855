import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { peer } from "../peers/peers.ts";
import { program, ready, startNarthex } from "../support/narthex.ts";
import { freePorts, RunningProcess, until } from "../support/process.ts";
import { SampleSender } from "../support/sender.ts";
import { keyOfSample, storedSamples } from "../support/stored.ts";
import { temporaryFolder } from "../support/temp.ts";

const run = promisify(execFile);
const fiuRun = peer("fiu-run");
const fiuCtrl = peer("fiu-ctrl");
const EIO = 5;

/** A server whose calls of the kernel can be made to fail while it runs (libfiu). */
class FaultyNarthex {
  readonly process: RunningProcess;
  readonly #control: string;

  constructor(dir: string, port: number, flags: Readonly<Record<string, string>>) {
    const prefix = join(dir, "fiu");
    const all = {
      "data-dir": join(dir, "narthex"),
      "http.listen": `127.0.0.1:${port}`,
      "agent.enabled": "false",
      ...flags,
    };
    this.process = new RunningProcess({
      name: "narthex",
      command: fiuRun ?? "fiu-run",
      args: [
        ...["-x", "-f", prefix, process.execPath, program("narthex")],
        ...Object.entries(all).map(([flag, value]) => `--${flag}=${value}`),
      ],
      log: join(dir, "faulty.log"),
    });
    this.#control = prefix;
  }

  /** Lets a share of the calls fail with EIO, from now on. */
  async fail(point: string, probability: number): Promise<void> {
    const command = `enable_random name=${point},probability=${probability},failinfo=${EIO}`;
    await this.#send(command);
  }

  async mend(point: string): Promise<void> {
    await this.#send(`disable name=${point}`);
  }

  async #send(command: string): Promise<void> {
    await run(fiuCtrl ?? "fiu-ctrl", [
      "-f",
      this.#control,
      "-c",
      command,
      String(this.process.pid),
    ]);
  }
}

const WRITE = "posix/io/rw/pwrite";
const SYNC = "posix/io/sync/fdatasync";

async function counter(base: string, name: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? 0);
}

async function lostOf(base: string, sender: SampleSender, atMs: number): Promise<string[]> {
  const got = await storedSamples(`${base}/prometheus`, atMs);
  return sender.acknowledged
    .filter((sample) => {
      const text = got.get(keyOfSample(sample));
      return text === undefined || Number(text.replace("Inf", "Infinity")) !== sample.value;
    })
    .map(keyOfSample);
}

test.skipIf(fiuRun === undefined)(
  "a disk that fails now and then costs no sample that was acknowledged, and writes resume by themselves (fiu-utils)",
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder("eio");
    const [port] = (await freePorts(1)) as [number];
    const base = `http://127.0.0.1:${port}`;
    const startMs = Date.now() - 3_600_000;
    const options = { url: `${base}/api/v1/push`, seed: 5, series: 40, stepMs: 1000, startMs };
    const sender = new SampleSender(options);
    const flags = { "ingester.wal-fsync": "always", "ingester.wal-segment-bytes": "16KiB" };
    const faulty = new FaultyNarthex(folder.dir, port, flags);
    let narthex: RunningProcess | undefined;
    try {
      await ready(faulty.process, port);
      for (let i = 0; i < 20; i++) await sender.send();
      expect(sender.unacknowledged).toBe(0);
      for (const point of [WRITE, SYNC]) {
        const before = sender.unacknowledged;
        await faulty.fail(point, 0.4);
        for (let i = 0; i < 40; i++) await sender.send();
        expect(sender.unacknowledged).toBeGreaterThan(before);
        await faulty.mend(point);
        const after = sender.unacknowledged;
        for (let i = 0; i < 20; i++) await sender.send();
        expect(sender.unacknowledged).toBe(after);
      }
      // All the time, from now on: nothing is taken, and the answer says where and why.
      await faulty.fail(WRITE, 1);
      const count = sender.acknowledged.length;
      for (let i = 0; i < 3; i++) await sender.send();
      expect(sender.acknowledged.length).toBe(count);
      expect(sender.lastRefusal).toMatch(/503.*write WAL segment .*wal\/\d{8}: EIO/s);
      await faulty.process.stop("SIGKILL");

      narthex = startNarthex({ dir: folder.dir, port, flags: { "agent.enabled": "false" } });
      await ready(narthex, port);
      expect(await counter(base, "narthex_ingester_wal_corruptions_total")).toBe(0);
      expect(await lostOf(base, sender, startMs + 3 * 3_600_000)).toEqual([]);
      expect(sender.acknowledged.length).toBeGreaterThan(3000);
      expect(await narthex.stop()).toBe(0);
    } finally {
      await faulty.process.stop("SIGKILL");
      await narthex?.stop("SIGKILL");
      await folder.remove();
    }
  },
);

test.skipIf(fiuRun === undefined)(
  "what a disk would not keep is written anew from memory (fiu-utils)",
  { timeout: 120_000 },
  async () => {
    const folder = await temporaryFolder("eio-sync");
    const [port] = (await freePorts(1)) as [number];
    const base = `http://127.0.0.1:${port}`;
    const startMs = Date.now() - 3_600_000;
    const options = { url: `${base}/api/v1/push`, seed: 6, series: 40, stepMs: 1000, startMs };
    const sender = new SampleSender(options);
    const flags = {
      "ingester.wal-fsync": "interval",
      "ingester.wal-fsync-interval": "50ms",
      "ingester.flush-interval": "200ms",
    };
    const faulty = new FaultyNarthex(folder.dir, port, flags);
    try {
      await ready(faulty.process, port);
      await faulty.fail(SYNC, 1);
      for (let i = 0; i < 20; i++) await sender.send();
      expect(sender.unacknowledged).toBe(0);
      const failed = async (): Promise<boolean> =>
        faulty.process.tail(50).includes("wal could not be synced");
      await until("a sync fails", failed, { process: faulty.process });
      await faulty.mend(SYNC);
      const name = "narthex_ingester_wal_checkpoints_total";
      const written = async (): Promise<boolean> => (await counter(base, name)) >= 1;
      await until("a checkpoint is written", written, { process: faulty.process });
      const wal = await readdir(join(folder.dir, "narthex", "ingester", "anonymous", "wal"));
      expect(wal.some((file) => file.startsWith("checkpoint."))).toBe(true);
      expect(wal).not.toContain("00000000");
      expect(await lostOf(base, sender, startMs + 3 * 3_600_000)).toEqual([]);
    } finally {
      await faulty.process.stop("SIGKILL");
      await folder.remove();
    }
  },
);
