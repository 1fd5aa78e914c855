import { ByteReader } from "#pkg/encoding/mod.ts";
import type { RandomAccess } from "#pkg/fsutil/mod.ts";
import { type IndexHeader, sectionEnd } from "./header.ts";
import { readSection } from "./toc.ts";

/**
 * Reads the label indices and their offset table, which older writers left and nobody reads, for the
 * sake of their checksums. Returns the bytes read. Errors: `corruption`.
 */
export async function verifyLabelIndices(
  access: RandomAccess,
  { toc }: IndexHeader,
  signal?: AbortSignal,
): Promise<number> {
  // Newer writers leave both out, and let the table of contents point at what follows.
  const { labelIndices, labelIndicesTable: start } = toc;
  if (start === 0 || start === labelIndices || start === toc.postingsTable) return 0;
  const end = sectionEnd(access, toc, toc.labelIndicesTable);
  const table = await readSection(access, toc.labelIndicesTable, end, signal);
  const reader = new ByteReader(access.path, table, 0, table.length, toc.labelIndicesTable + 4);
  const count = reader.u32();
  let bytes = table.length + 8;
  const limit = sectionEnd(access, toc, toc.labelIndices);
  for (let i = 0; i < count; i++) {
    const keys = reader.uvarint();
    if (keys !== 1) reader.fail(`label index entry with ${keys} keys, want 1`);
    reader.skip(reader.uvarint());
    const offset = reader.uvarint();
    const head = await access.read(offset, 4, signal);
    const length = new ByteReader(access.path, head, 0, 4, offset).u32() + 8;
    const section = await readSection(access, offset, Math.min(limit, offset + length), signal);
    bytes += section.length + 8;
  }
  return bytes;
}
