export {
  type BlocksQuerier,
  BucketStore,
  type BucketStoreOptions,
  type Quarantine,
} from "./bucket-store.ts";
export { StoreGateway, type StoreGatewayOptions } from "./store-gateway.ts";
