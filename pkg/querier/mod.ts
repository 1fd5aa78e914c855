export { type RecentReads, RingReads } from "./ingester-reads.ts";
export { QueryService, type QueryServiceOptions } from "./query-service.ts";
export { ringGateways, type StoreGateways, StoreReads } from "./store-reads.ts";
