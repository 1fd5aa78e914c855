/** Schema of a histogram whose bucket bounds are listed in `customValues`. */
export const CUSTOM_BUCKETS = -53;
/** Coarsest exponential schema: each bound is the 2^16-fold of the one before. */
export const EXPONENTIAL_SCHEMA_MIN = -4;
/** Finest exponential schema: 256 buckets to a power of two. */
export const EXPONENTIAL_SCHEMA_MAX = 8;
/** Schemas from here on are accepted at the edge, if their resolution is reduced at once. */
export const RESERVED_SCHEMA_MIN = -9;
/** Last schema that is accepted at the edge, if its resolution is reduced at once. */
export const RESERVED_SCHEMA_MAX = 52;

/** What is known about a counter reset between a histogram and the one before it. */
export const CounterReset = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const;
export type CounterReset = (typeof CounterReset)[keyof typeof CounterReset];

/** True for the schemas whose bounds are powers of 2^(2^-schema). */
export function isExponentialSchema(schema: number): boolean {
  return schema >= EXPONENTIAL_SCHEMA_MIN && schema <= EXPONENTIAL_SCHEMA_MAX;
}

/** True for schemas that are exponential or are custom buckets. */
export function isValidSchema(schema: number): boolean {
  return schema === CUSTOM_BUCKETS || isExponentialSchema(schema);
}
