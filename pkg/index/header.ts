import { ByteReader } from "#pkg/encoding/mod.ts";
import type { RandomAccess } from "#pkg/fsutil/mod.ts";
import { PostingsTable } from "./offset-table.ts";
import { SymbolTable } from "./symbols.ts";
import { INDEX_HEADER_BYTES, INDEX_MAGIC, type IndexToc, readSection, readToc } from "./toc.ts";

/**
 * What of an index is kept in memory: enough to find any postings list and to print any label
 * set. Can be shared by many readers of the same index.
 */
export interface IndexHeader {
  readonly version: number;
  readonly toc: IndexToc;
  readonly symbols: SymbolTable;
  readonly postings: PostingsTable;
  /** Memory held, in bytes. */
  readonly byteLength: number;
}

/** Reads the header of an index of version 1 or 2. Errors: `corruption`. */
export async function readIndexHeader(
  access: RandomAccess,
  signal?: AbortSignal,
): Promise<IndexHeader> {
  const toc = await readToc(access, signal);
  const start = await access.read(0, INDEX_HEADER_BYTES, signal);
  const reader = new ByteReader(access.path, start);
  const magic = reader.u32();
  if (magic !== INDEX_MAGIC) reader.fail(`magic ${magic.toString(16)}, want baaad700`);
  const version = reader.u8();
  if (version !== 1 && version !== 2) reader.fail(`index format version ${version}, want 1 or 2`);
  const [symbolBytes, postingsBytes] = await Promise.all([
    readSection(access, toc.symbols, sectionEnd(access, toc, toc.symbols), signal),
    toc.postingsTable === 0
      ? new Uint8Array(0)
      : readSection(access, toc.postingsTable, sectionEnd(access, toc, toc.postingsTable), signal),
  ]);
  const symbols = await SymbolTable.build(access.path, symbolBytes, version, toc.symbols + 4);
  const postingsEnd = toc.postings === 0 ? 0 : sectionEnd(access, toc, toc.postings);
  const postings = await PostingsTable.build(access.path, postingsBytes, version, {
    postingsEnd,
    offset: toc.postingsTable + 4,
  });
  return {
    version,
    toc,
    symbols,
    postings,
    byteLength: symbols.byteLength + postings.byteLength + 200,
  };
}

/** Where the section that begins at `start` ends at most: at the next one, or at the toc. */
export function sectionEnd(access: RandomAccess, toc: IndexToc, start: number): number {
  let end = access.size - (6 * 8 + 4);
  for (const offset of Object.values(toc)) if (offset > start && offset < end) end = offset;
  return end;
}
