export { type ExpositionFormat, type NegotiatedFormat, negotiateFormat } from "./content-type.ts";
export { formatOpenMetricsFloat } from "./number.ts";
export { EntryKind, ExpositionParser } from "./parser.ts";
