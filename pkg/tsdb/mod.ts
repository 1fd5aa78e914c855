export { type QuarantinedBlock, TenantDb, type TenantDbOptions } from "./db.ts";
export { DurableHead, type DurableHeadOptions } from "./durable-head.ts";
export { Head } from "./head.ts";
export {
  AppendStatus,
  type HeadLog,
  type HeadOptions,
  type Rejection,
  type RejectionSink,
  type SeriesAdmission,
} from "./head-ports.ts";
export { HeadReader } from "./head-read.ts";
export { PushRecords } from "./head-wal.ts";
export type { ReplayReport } from "./replay.ts";
