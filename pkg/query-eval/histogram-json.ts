import {
  BucketCursor,
  BucketOrder,
  boundaryRule,
  type FloatHistogram,
} from "#pkg/histogram/mod.ts";
import { sampleText } from "./sample-text.ts";

/**
 * A histogram as Prometheus's API has it: `{"count":"3","sum":"2.5","buckets":[[0,"1","2","3"]]}`.
 * A bucket is a rule for its bounds, the bounds and its count; empty ones are left out.
 */
export function histogramJson(h: FloatHistogram): string {
  let buckets = "";
  const bucket = new BucketCursor(h, BucketOrder.ascending);
  while (bucket.next()) {
    if (bucket.count === 0) continue;
    const bounds = `"${sampleText(bucket.lower)}","${sampleText(bucket.upper)}"`;
    buckets += `${buckets === "" ? "" : ","}[${boundaryRule(bucket)},${bounds},"${sampleText(bucket.count)}"]`;
  }
  const list = buckets === "" ? "" : `,"buckets":[${buckets}]`;
  return `{"count":"${sampleText(h.count)}","sum":"${sampleText(h.sum)}"${list}}`;
}
