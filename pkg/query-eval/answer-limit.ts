import type { QueryResult } from "#pkg/promql/mod.ts";

/** The result with at most `limit` series (0 for all), and a warning where some were left out. */
export function limitResult(result: QueryResult, limit: number): QueryResult {
  const { value } = result;
  if (limit === 0) return result;
  const warnings = [...result.warnings, "results truncated due to limit"];
  if (value.type === "vector" && value.labels.length > limit) {
    const labels = value.labels.slice(0, limit);
    return {
      ...result,
      warnings,
      value: { ...value, labels, values: value.values.slice(0, limit) },
    };
  }
  if (value.type === "matrix" && value.series.length > limit) {
    return { ...result, warnings, value: { ...value, series: value.series.slice(0, limit) } };
  }
  if (value.type === "samples" && value.series.length > limit) {
    return { ...result, warnings, value: { ...value, series: value.series.slice(0, limit) } };
  }
  return result;
}
