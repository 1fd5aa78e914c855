export { Limits, RateLimiter, type SeriesRejection, validateSeries } from "./limits.ts";
