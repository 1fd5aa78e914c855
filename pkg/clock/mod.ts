export { type Clock, systemClock, type Timer } from "./clock.ts";
export { FakeClock } from "./fake.ts";
