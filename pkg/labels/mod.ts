export { compareBytes } from "./compare.ts";
export {
  compareLabels,
  EMPTY_LABELS,
  formatLabels,
  formatSeries,
  isLegacyLabelName,
  isLegacyMetricName,
  type Labels,
  labelsEqual,
  labelsFromObject,
  labelsFromPairs,
  labelsKey,
  labelsToObject,
  labelValue,
  METRIC_NAME,
  quote,
} from "./labels.ts";
export { Matcher, type MatchType, type PatternMatcher } from "./matcher.ts";
