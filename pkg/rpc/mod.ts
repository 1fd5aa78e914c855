export type {
  IngesterApi,
  MetadataParams,
  MetricMetadata,
  PushOutcome,
  Rejection,
  ServedBlock,
  StoreGatewayApi,
  TenantStats,
} from "./interfaces.ts";
