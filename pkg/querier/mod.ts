export type { ActiveQuery, QueryClient } from "./active-queries.ts";
export { type RecentReads, RingReads } from "./ingester-reads.ts";
export type { QueryLimits } from "./query-limits.ts";
export { type QueryInput, QueryService, type QueryServiceOptions } from "./query-service.ts";
export { ringGateways, type StoreGateways, StoreReads } from "./store-reads.ts";
