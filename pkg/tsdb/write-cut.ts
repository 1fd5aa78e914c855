import { join } from "node:path";
import { type BlockMeta, BlockReader, removeBlock, writeBlock } from "#pkg/block/mod.ts";
import type { FloatEncoding } from "#pkg/chunkenc/mod.ts";
import type { Clock } from "#pkg/clock/mod.ts";
import { unwritten } from "#pkg/fsutil/mod.ts";
import type { Random } from "#pkg/prng/mod.ts";
import type { Head } from "./head.ts";
import { cutRanges, cutSeries, type HeadCut } from "./head-cut.ts";
import type { HeadReader } from "./head-read.ts";

/** Where the blocks of a cut go, and how they are written. */
export interface CutTarget {
  /** The folder of blocks. */
  readonly dir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Of float chunks in blocks; asked for each block. */
  readonly floatEncoding: () => FloatEncoding;
}

/**
 * Writes what a cut has taken as blocks, one for each block range, and opens them. They are the
 * caller's to close. On failure none of them is left.
 */
export async function writeCut(
  head: Head,
  reader: HeadReader,
  cut: HeadCut,
  { dir, clock, random, floatEncoding }: CutTarget,
): Promise<BlockReader[]> {
  const written: BlockMeta[] = [];
  const readers: BlockReader[] = [];
  try {
    for (const { mint, maxt } of await cutRanges(head, cut)) {
      const meta = await writeBlock(cutSeries(head, reader, cut, { mint, maxt }), {
        ...{ dir, mint, maxt: maxt + 1, clock, random },
        // The head has XOR already.
        ...(floatEncoding() === "xor" ? {} : { floatEncoding: floatEncoding() }),
      });
      if (meta === undefined) continue;
      written.push(meta);
      readers.push(await BlockReader.open(join(dir, meta.ulid)));
    }
    return readers;
  } catch (error) {
    // The next attempt writes them all again; on a disk that is full they would pile up.
    for (const block of readers) await block.close().catch(() => undefined);
    for (const { ulid } of written) {
      await removeBlock(join(dir, ulid)).catch(() => undefined);
    }
    throw unwritten(`block below ${dir}`, error);
  }
}
