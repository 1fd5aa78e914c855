import { NarthexError } from "#pkg/errs/mod.ts";
import { type BlockFiles, readBlockMeta, segmentNames } from "./files.ts";
import { type BlockMeta, CHUNKS_FOLDER, INDEX_FILE, META_FILE } from "./meta.ts";
import { BlockCheck, type BlockReport, type VerifyOptions } from "./verify-check.ts";
import { verifyIndex } from "./verify-index.ts";
import { verifyTombstones } from "./verify-tombstones.ts";

/**
 * Reads all of a block and checks it: every checksum of index, chunks and tombstones; that
 * references resolve; that series, chunks and postings are in order and agree with each other; that
 * samples lie where index and `meta.json` say; that the counts of `meta.json` are right. Memory is
 * bounded by the index: about 12 bytes a series besides symbols and postings table. Damage is
 * reported, not thrown; other errors, such as those of a bucket that cannot be reached, are thrown.
 */
export async function verifyBlock(
  files: BlockFiles,
  options: VerifyOptions = {},
): Promise<BlockReport> {
  const check = new BlockCheck(files, options);
  const meta = await verifyMeta(check);
  if (!files.sizes.has(INDEX_FILE)) {
    check.problem(INDEX_FILE, undefined, "the index is missing");
    return check.report();
  }
  verifySegmentNames(check);
  const refs = await verifyIndex(check, meta);
  await verifyTombstones(check, refs);
  if (meta && refs) verifyStats(check, meta);
  return check.report();
}

async function verifyMeta(check: BlockCheck): Promise<BlockMeta | undefined> {
  const { files } = check;
  let meta: BlockMeta;
  try {
    meta = await readBlockMeta(files, check.signal);
  } catch (error) {
    if (error instanceof NarthexError) check.caught(META_FILE, error);
    else throw error;
    return undefined;
  }
  check.advance(files.sizes.get(META_FILE) ?? 0);
  const wrong = (message: string): void => check.problem(META_FILE, undefined, message);
  if (meta.ulid !== files.id) wrong(`ulid ${meta.ulid}, want the folder's name ${files.id}`);
  const { level, sources } = meta.compaction;
  if (level < 1) wrong(`compaction.level ${level}, want at least 1`);
  if (sources && new Set(sources).size < sources.length) wrong("compaction.sources repeat");
  return meta;
}

function verifySegmentNames(check: BlockCheck): void {
  const folder = `${CHUNKS_FOLDER}/`;
  for (const [i, name] of segmentNames(check.files.sizes.keys()).entries()) {
    if (Number(name.slice(folder.length)) === i + 1) continue;
    const want = String(i + 1).padStart(6, "0");
    check.problem(name, undefined, `segment ${want} is missing before it`);
    return;
  }
}

function verifyStats(check: BlockCheck, { stats, ulid }: BlockMeta): void {
  if (!stats) return;
  const { series, chunks, floatSamples, histogramSamples } = check;
  const counted: Record<string, number> = { numSeries: series, numChunks: chunks };
  if (check.unreadChunks === 0) {
    counted["numSamples"] = floatSamples + histogramSamples;
    counted["numFloatSamples"] = floatSamples;
    counted["numHistogramSamples"] = histogramSamples;
  }
  for (const [name, count] of Object.entries(counted)) {
    const said = (stats as Readonly<Record<string, unknown>>)[name];
    if (typeof said !== "number" || said === count) continue;
    const text = `stats.${name} of ${ulid} is ${said}, counted ${count}`;
    check.problem(META_FILE, undefined, text);
  }
}
