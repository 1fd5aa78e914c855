export { FloatHistogram } from "./float-histogram.ts";
export {
  CounterReset,
  CUSTOM_BUCKETS,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  isExponentialSchema,
  isValidSchema,
  RESERVED_SCHEMA_MAX,
  RESERVED_SCHEMA_MIN,
} from "./schema.ts";
