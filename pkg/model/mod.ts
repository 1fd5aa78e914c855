export { DURATION_MS_MAX, formatDuration, parseDuration } from "./duration.ts";
export { formatFloat, formatFloatG, parseFloatText } from "./number.ts";
