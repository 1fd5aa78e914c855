import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";

/** True where committed bytes are to be written anew; look at the difference before committing it. */
export const isUpdate = process.env["UPDATE"] === "1";

/** The path of a committed file. */
export function goldenPath(name: string): string {
  return join(import.meta.dirname, name);
}

/** The bytes of a committed file. */
export function golden(name: string): Buffer {
  return readFileSync(goldenPath(name));
}

/**
 * Compares `bytes` with the committed file `name`, or writes it with `UPDATE=1`. The message says where
 * they differ first.
 */
export function expectGolden(name: string, bytes: Uint8Array): void {
  if (isUpdate) {
    mkdirSync(dirname(goldenPath(name)), { recursive: true });
    writeFileSync(goldenPath(name), bytes);
    return;
  }
  const want = golden(name);
  const at = want.findIndex((byte, i) => byte !== bytes[i]);
  const place = at < 0 ? "" : ` at byte ${at}`;
  const isEqual = Buffer.compare(want, bytes) === 0;
  expect(isEqual, `${name}: ${bytes.length} bytes, want ${want.length}${place}`).toBe(true);
}
