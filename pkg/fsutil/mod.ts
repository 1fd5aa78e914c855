export {
  bytesAccess,
  checkRange,
  FileAccess,
  type RandomAccess,
  readFully,
} from "./access.ts";
export { atomicWrite, syncDir, temporaryPath, unwritten } from "./atomic.ts";
export {
  type CoalesceOptions,
  LOCAL_COALESCE,
  type RangeBytes,
  REMOTE_COALESCE,
  readRanges,
} from "./ranges.ts";
export { FileSink } from "./sink.ts";
