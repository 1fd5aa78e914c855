export { INSTANCE_STATES, type InstanceEntry, type InstanceState } from "./instance.ts";
export { Lifecycler, type LifecyclerDeps, type LifecyclerOptions } from "./lifecycler.ts";
export { doUntilQuorum, type Missing, type QuorumAnswer, QuorumTracker } from "./quorum.ts";
export { connectRedis, type RedisClient, type RedisConnection } from "./redis-client.ts";
export { RedisRingStore } from "./redis-store.ts";
export { Ring, type RingDeps, type RingOptions, type RingReport } from "./ring.ts";
export { type ReadSet, type RingInstance, RingSnapshot } from "./snapshot.ts";
export { MemoryRingStore, type RingStore } from "./store.ts";
