export { type ExpositionFormat, type NegotiatedFormat, negotiateFormat } from "./content-type.ts";
export type { BodyPlace } from "./lexical.ts";
export { formatOpenMetricsFloat } from "./number.ts";
export { EntryKind, ExpositionParser } from "./parser.ts";
