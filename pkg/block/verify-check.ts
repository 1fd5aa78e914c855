import { Pacer } from "#pkg/async/mod.ts";
import { CorruptionError, codeOf, messageOf } from "#pkg/errs/mod.ts";
import type { BlockFiles } from "./files.ts";

/** Something wrong with a block. */
export interface BlockProblem {
  /** The file, relative to the block. */
  readonly file: string;
  /** Where in the file, in bytes; undefined where that means nothing. */
  readonly offset: number | undefined;
  readonly message: string;
}

/** What `verifyBlock` found. */
export interface BlockReport {
  readonly id: string;
  readonly path: string;
  /** The first problems, at most `PROBLEMS_MAX`. */
  readonly problems: readonly BlockProblem[];
  /** How many there are in all. */
  readonly problemCount: number;
  readonly series: number;
  readonly chunks: number;
  readonly samples: number;
  /** Bytes of the files that were looked at. */
  readonly bytes: number;
}

/** How to verify. */
export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** Told now and then how many bytes of the block have been looked at. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** Problems that a report names; the others are counted. */
const PROBLEMS_MAX = 100;

/** Gathers what is wrong with one block, and what was counted in it. */
export class BlockCheck {
  readonly files: BlockFiles;
  readonly pacer = new Pacer();
  readonly signal: AbortSignal | undefined;
  readonly #onProgress: VerifyOptions["onProgress"];
  readonly #problems: BlockProblem[] = [];
  readonly #totalBytes: number;
  #problemCount = 0;
  #doneBytes = 0;
  series = 0;
  /** As the index lists them. */
  chunks = 0;
  /** Those that could not be read: the counts of samples say nothing then. */
  unreadChunks = 0;
  floatSamples = 0;
  histogramSamples = 0;

  constructor(files: BlockFiles, options: VerifyOptions) {
    this.files = files;
    this.signal = options.signal;
    this.#onProgress = options.onProgress;
    this.#totalBytes = [...files.sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Notes a problem in `file`. */
  problem(file: string, offset: number | undefined, message: string): void {
    this.#problemCount++;
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ file, offset, message });
  }

  /** Notes an error that reading `file` gave; what is no damage is thrown again. */
  caught(file: string, error: unknown): void {
    const code = codeOf(error);
    if (error instanceof CorruptionError) {
      const prefix = `${error.path} at offset ${error.offset}: `;
      const text = error.message.startsWith(prefix)
        ? error.message.slice(prefix.length)
        : error.message;
      this.problem(file, error.offset, text);
    } else if (code === "corruption" || code === "not_found" || code === "execution") {
      this.problem(file, undefined, messageOf(error));
    } else throw error;
  }

  /** Counts bytes as looked at. */
  advance(bytes: number): void {
    this.#doneBytes += bytes;
    this.#onProgress?.(Math.min(this.#doneBytes, this.#totalBytes), this.#totalBytes);
  }

  report(): BlockReport {
    return {
      id: this.files.id,
      path: this.files.path,
      problems: this.#problems,
      problemCount: this.#problemCount,
      series: this.series,
      chunks: this.chunks,
      samples: this.floatSamples + this.histogramSamples,
      bytes: this.#totalBytes,
    };
  }
}
