import { decodeChunk } from "#pkg/chunkenc/mod.ts";
import { type ChunkMeta, ChunkReader, offsetOf, segmentName, segmentOf } from "#pkg/chunks/mod.ts";
import { CorruptionError, messageOf } from "#pkg/errs/mod.ts";
import type { RandomAccess } from "#pkg/fsutil/mod.ts";
import { type Chunk, SampleColumns } from "#pkg/storage/mod.ts";
import { type BlockFiles, segmentNames } from "./files.ts";
import { type BlockMeta, CHUNKS_FOLDER } from "./meta.ts";
import type { BlockCheck } from "./verify-check.ts";

/** XOR, and XOR2. */
const FLOAT_ENCODINGS: readonly number[] = [1, 4];
/** Several aggregates in one, of Thanos. */
const AGGREGATE_ENCODING = 0xff;

/** A series whose chunks are to be checked. */
export interface ChunkListing {
  /** Offset of its entry in the index. */
  readonly offset: number;
  readonly chunks: readonly ChunkMeta[];
}

/** Opens what reads the chunks of a block, segment by segment. */
export class ChunkSource {
  readonly reader: ChunkReader;

  private constructor(reader: ChunkReader) {
    this.reader = reader;
  }

  /** Opens all segments and checks their headers; what is wrong is noted. */
  static async open(check: BlockCheck): Promise<ChunkSource> {
    const { files } = check;
    const segments: RandomAccess[] = [];
    for (const name of segmentNames(files.sizes.keys())) {
      const segment = await files.open(name);
      segments.push(segment);
      try {
        await new ChunkReader([segment], readerOptions(files)).verifyHeaders(check.signal);
      } catch (error) {
        check.caught(name, error);
      }
    }
    return new ChunkSource(new ChunkReader(segments, readerOptions(files)));
  }
}

function readerOptions(files: BlockFiles): { guessBytes: number } & BlockFiles["coalesce"] {
  return { ...files.coalesce, guessBytes: 8192 };
}

/** Checks the chunks of many series: checksums, encodings, and that samples lie where they should. */
export async function verifyChunks(
  check: BlockCheck,
  batch: { readonly source: ChunkSource; readonly series: readonly ChunkListing[] },
  meta: BlockMeta | undefined,
): Promise<void> {
  const metas = batch.series.flatMap(({ chunks }) => chunks);
  const columns = new SampleColumns();
  let read: Chunk[] | undefined;
  try {
    read = await batch.source.reader.read(metas, check.signal);
  } catch (error) {
    if (!(error instanceof CorruptionError)) check.caught(CHUNKS_FOLDER, error);
  }
  for (const [i, wanted] of metas.entries()) {
    const chunk = read ? read[i] : await readAlone(check, batch.source, wanted);
    check.chunks++;
    if (!chunk || !verifyChunk(check, chunk, wanted, columns)) check.unreadChunks++;
    if (check.pacer.due()) await check.pacer.yield();
  }
  for (const series of batch.series) verifyTimes(check, series, meta);
}

/** Where one of many cannot be read, each is read by itself to name all that are damaged. */
async function readAlone(
  check: BlockCheck,
  source: ChunkSource,
  wanted: ChunkMeta,
): Promise<Chunk | undefined> {
  try {
    return (await source.reader.read([{ ...wanted, bound: 0 }], check.signal))[0];
  } catch (error) {
    check.caught(fileOf(wanted), error);
    return undefined;
  }
}

function fileOf({ ref }: ChunkMeta): string {
  return `${CHUNKS_FOLDER}/${segmentName(segmentOf(ref))}`;
}

/** False if the samples could not be read. */
function verifyChunk(
  check: BlockCheck,
  chunk: Chunk,
  wanted: ChunkMeta,
  columns: SampleColumns,
): boolean {
  check.advance(chunk.end - chunk.start + 7);
  const wrong = (message: string): void =>
    check.problem(fileOf(wanted), offsetOf(wanted.ref), message);
  columns.clear();
  try {
    decodeChunk(chunk, columns);
  } catch (error) {
    wrong(messageOf(error));
    return false;
  }
  const { length, timestamps } = columns;
  if (length === 0) {
    wrong("chunk without samples");
    return true;
  }
  // As upstream counts: a stale marker in a chunk of histograms is one of them.
  if (FLOAT_ENCODINGS.includes(chunk.encoding)) check.floatSamples += length;
  // Of downsampled blocks the counts are those of the samples before.
  else if (chunk.encoding === AGGREGATE_ENCODING) check.unreadChunks++;
  else check.histogramSamples += length;
  for (let i = 1; i < length; i++) {
    if (timestamps[i]! <= timestamps[i - 1]!) {
      wrong(`sample ${i} at ${timestamps[i]} is not after ${timestamps[i - 1]}`);
      return true;
    }
  }
  const [mint, maxt] = [timestamps[0]!, timestamps[length - 1]!];
  if (mint !== wanted.mint || maxt !== wanted.maxt) {
    wrong(`samples of [${mint}, ${maxt}], the index says [${wanted.mint}, ${wanted.maxt}]`);
  }
  return true;
}

/** Chunks of a series are in order, do not overlap, and lie in the block's time. */
function verifyTimes(check: BlockCheck, series: ChunkListing, meta: BlockMeta | undefined): void {
  const wrong = (message: string): void => check.problem("index", series.offset, message);
  let before: ChunkMeta | undefined;
  for (const chunk of series.chunks) {
    const name = `chunk [${chunk.mint}, ${chunk.maxt}]`;
    if (chunk.maxt < chunk.mint) wrong(`${name} ends before it begins`);
    if (before && chunk.mint <= before.maxt) wrong(`${name} begins before ${before.maxt}`);
    if (meta && (chunk.mint < meta.minTime || chunk.maxt >= meta.maxTime)) {
      wrong(`${name} is outside the block's [${meta.minTime}, ${meta.maxTime})`);
    }
    before = chunk;
  }
}
