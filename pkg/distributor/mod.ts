export { Distributor, type DistributorOptions, type WriteTarget } from "./distributor.ts";
export { localTarget, RingTarget, type RingTargetOptions } from "./ring-target.ts";
