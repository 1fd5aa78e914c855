export { decodeTombstones, type Interval, joinIntervals, type Tombstones } from "./tombstones.ts";
