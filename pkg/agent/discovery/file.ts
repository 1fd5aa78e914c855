import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { linkSignals, sleep } from "#pkg/async/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import { matchingFiles, parseYaml } from "../config/load.ts";
import { describeProblems } from "../config/problems.ts";
import {
  type FileDiscoveryConfig,
  type TargetGroup,
  targetGroup,
  targetGroupsSchema,
} from "../config/service-discovery.ts";

/** A file is often written in several steps; one look after the last of them is enough. */
const SETTLE_MS = 100;

/**
 * Target groups in files. A file that cannot be read or does not make sense keeps the groups it
 * had; one that is gone has none.
 */
export class FileDiscovery {
  readonly #config: FileDiscoveryConfig;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onGroups: (groups: readonly TargetGroup[]) => void;
  readonly #life = linkSignals();
  #groups = new Map<string, readonly TargetGroup[]>();
  #watchers: FSWatcher[] = [];
  #changed: (() => void) | undefined = undefined;
  #running: Promise<void> | undefined = undefined;

  constructor(
    config: FileDiscoveryConfig,
    { clock, log }: { clock: Clock; log: Logger },
    onGroups: (groups: readonly TargetGroup[]) => void,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#onGroups = onGroups;
  }

  /** Reads the files, and again whenever they change or the refresh interval is over. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#watch();
    this.#running = this.#run(this.#life.signal);
  }

  async stop(): Promise<void> {
    this.#life.abort();
    for (const watcher of this.#watchers) watcher.close();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wait = linkSignals(signal);
      this.#changed = () => wait.abort();
      await sleep(this.#config.refreshIntervalMs, wait.signal, this.#clock).catch(() => undefined);
      wait.dispose();
      if (signal.aborted) return;
      await sleep(SETTLE_MS, signal, this.#clock).catch(() => undefined);
      if (!signal.aborted) await this.#refresh();
    }
  }

  #watch(): void {
    for (const dir of new Set(this.#config.files.map((file) => dirname(file)))) {
      try {
        const watcher = watch(dir, { persistent: false }, () => this.#changed?.());
        // A folder that goes away is looked at again after the refresh interval.
        watcher.on("error", () => watcher.close());
        this.#watchers.push(watcher);
      } catch (error) {
        this.#log.warn({ dir, err: messageOf(error) }, "folder not watched");
      }
    }
  }

  async #refresh(): Promise<void> {
    const next = new Map<string, readonly TargetGroup[]>();
    for (const pattern of this.#config.files) {
      for (const path of await matchingFiles(pattern).catch(() => [])) {
        const groups = await this.#read(path);
        if (groups !== undefined) next.set(path, groups);
      }
    }
    this.#groups = next;
    this.#onGroups([...next.values()].flat());
  }

  async #read(path: string): Promise<readonly TargetGroup[] | undefined> {
    try {
      return parseTargetFile(await readFile(path, "utf8"), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      this.#log.error({ path, err: messageOf(error) }, "targets not read, the old ones stay");
      return this.#groups.get(path);
    }
  }
}

/** The target groups in a YAML or JSON file. Errors: `bad_data`. */
export function parseTargetFile(text: string, path: string): TargetGroup[] {
  // JSON is YAML, and nothing is typed by its quotes here.
  const result = targetGroupsSchema.safeParse(parseYaml(text, path));
  if (!result.success) {
    const problems = describeProblems(result.error.issues, targetGroupsSchema);
    throw new NarthexError("bad_data", `invalid ${path}: ${problems.join("; ")}`);
  }
  return result.data.map((raw, i) => {
    const group = targetGroup(raw, `${path}:${i}`);
    return { ...group, labels: { ...group.labels, __meta_filepath: path } };
  });
}
