export type { ClientOptions } from "./channel.ts";
export { type Closable, ingesterClient, storeGatewayClient } from "./clients.ts";
export type {
  DeletionOutcome,
  DeletionParams,
  IngesterApi,
  MetadataParams,
  MetricMetadata,
  PushOutcome,
  Rejection,
  ServedBlock,
  StoreGatewayApi,
  TenantStats,
} from "./interfaces.ts";
export type { TlsOptions, TransportOptions } from "./options.ts";
export { ClientPool } from "./pool.ts";
export { type GrpcServer, type GrpcServerOptions, serveGrpc } from "./server.ts";
