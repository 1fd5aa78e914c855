export {
  addTombstone,
  countTombstones,
  decodeTombstones,
  encodeTombstones,
  type Interval,
  joinIntervals,
  joinTombstones,
  type Tombstones,
} from "./tombstones.ts";
