export { newMatcher, PatternCache } from "./new-matcher.ts";
export { compilePattern, PATTERN_LENGTH_MAX } from "./pattern.ts";
export { compileRe2, expandTemplate, Re2, type Submatches } from "./replacer.ts";
