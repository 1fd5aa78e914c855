export { type IndexHeader, readIndexHeader } from "./header.ts";
export { verifyLabelIndices } from "./label-indices.ts";
export { type PostingsRange, PostingsTable, ValueCursor } from "./offset-table.ts";
export {
  decodePostings,
  EMPTY_POSTINGS,
  intersect,
  type Postings,
  union,
  without,
} from "./postings.ts";
export { type IndexedSeries, IndexReader } from "./reader.ts";
export { type PostingsPlan, planPostings } from "./select.ts";
export { type ChunkEntry, encodeChunkEntries, type SeriesFilter } from "./series-entry.ts";
export { SymbolTable } from "./symbols.ts";
export { INDEX_MAGIC, type IndexToc } from "./toc.ts";
export { type WalkedSeries, walkSeries } from "./walk.ts";
export { assertChunks, IndexWriter } from "./writer.ts";
