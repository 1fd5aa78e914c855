import { checkRange, type RandomAccess } from "#pkg/fsutil/mod.ts";
import type { Bucket } from "./bucket.ts";

/** Random access to an object of known size, one range request a read. */
export function objectAccess(bucket: Bucket, key: string, size: number): RandomAccess {
  const access: RandomAccess = {
    path: `${bucket.name}/${key}`,
    size,
    async read(offset, length, signal) {
      checkRange(access, offset, length);
      return length === 0 ? new Uint8Array(0) : await bucket.getRange(key, offset, length, signal);
    },
  };
  return access;
}
