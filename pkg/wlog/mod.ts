export { RECORD_HEADER_BYTES, segmentHeader, segmentName, writeRecordHeader } from "./format.ts";
export { listSegments, type RecordVisitor, readSegment, type SegmentDamage } from "./reader.ts";
export { type FsyncPolicy, SegmentLog, type SegmentLogOptions } from "./writer.ts";
