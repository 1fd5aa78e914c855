export { Distributor, type DistributorOptions, type WriteTarget } from "./distributor.ts";
