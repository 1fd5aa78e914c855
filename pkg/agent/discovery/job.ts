import type { Clock } from "#pkg/clock/mod.ts";
import type { Logger } from "#pkg/telemetry/mod.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";
import type { TargetGroup } from "../config/service-discovery.ts";
import { FileDiscovery } from "./file.ts";

/** All target groups of one scrape config, wherever they come from. */
export class JobDiscovery {
  readonly #static: readonly TargetGroup[];
  readonly #files: FileDiscovery[];
  readonly #fromFiles: (readonly TargetGroup[])[];
  readonly #onGroups: (groups: readonly TargetGroup[]) => void;
  #started = false;

  constructor(
    config: ScrapeConfig,
    parts: { clock: Clock; log: Logger },
    onGroups: (groups: readonly TargetGroup[]) => void,
  ) {
    this.#static = config.staticGroups;
    this.#onGroups = onGroups;
    this.#fromFiles = config.fileDiscovery.map(() => []);
    this.#files = config.fileDiscovery.map(
      (file, i) =>
        new FileDiscovery(file, parts, (groups) => {
          this.#fromFiles[i] = groups;
          if (this.#started) this.#emit();
        }),
    );
  }

  /** Finds what is there now, then goes on watching. */
  async start(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.start()));
    this.#started = true;
    this.#emit();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.stop()));
  }

  #emit(): void {
    this.#onGroups([...this.#static, ...this.#fromFiles.flat()]);
  }
}
