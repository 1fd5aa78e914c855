export { Ingester, type IngesterOptions } from "./ingester.ts";
