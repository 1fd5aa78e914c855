import { quote } from "#pkg/labels/mod.ts";
import type { PositionRange } from "../syntax/position.ts";
import type { Annotations } from "./annotations.ts";

/** What histograms are united for, as notes name it. */
export type HistogramOperation = "addition" | "subtraction" | "aggregation";

/**
 * What there is to say of histograms in one part of a query, in Prometheus's words. `name` is the
 * metric's name, empty where it is not known.
 */
export class HistogramNotes {
  readonly #annotations: Annotations;
  readonly #position: PositionRange;

  constructor(annotations: Annotations, position: PositionRange) {
    this.#annotations = annotations;
    this.#position = position;
  }

  mixedSamples(name: string): void {
    this.#warn(`encountered a mix of histograms and floats for metric name ${quote(name)}`);
  }

  mixedGroup(): void {
    this.#warn("encountered a mix of histograms and floats for aggregation");
  }

  mixedKinds(name: string): void {
    this.#warn(forMetric("vector contains a mix of classic and native histograms", name));
  }

  mixedSchemas(name: string): void {
    const reason =
      "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
    this.#warn(`${reason} ${quote(name)}`);
  }

  notCounter(name: string): void {
    this.#warn(`this native histogram metric is not a counter: ${quote(name)}`);
  }

  notGauge(name: string): void {
    this.#warn(`this native histogram metric is not a gauge: ${quote(name)}`);
  }

  incompatibleBuckets(operator: string): void {
    this.#warn(`incompatible bucket layout encountered for binary operator ${operator}`);
  }

  resetCollision(operation: HistogramOperation): void {
    this.#warn(`conflicting counter resets during histogram ${operation}`);
  }

  startOverlap(name: string, occurrences: number): void {
    const reason = "sample has start time that overlaps with previous sample timestamp";
    this.#annotations.warnCounted(
      `${reason} for metric ${quote(name)}`,
      this.#position,
      occurrences,
    );
  }

  boundsReconciled(operation: HistogramOperation): void {
    this.#info(`mismatched custom buckets were reconciled during ${operation}`);
  }

  ignoredIn(aggregation: string): void {
    this.#info(`ignored histogram in ${aggregation} aggregation`);
  }

  ignoredInRange(name: string): void {
    const reason =
      "ignored histograms in a range containing both floats and histograms for metric name";
    this.#info(`${reason} ${quote(name)}`);
  }

  incompatibleTypes(operator: string, left: "float" | "histogram", right: typeof left): void {
    const reason = "incompatible sample types encountered for binary operator";
    this.#info(`${reason} ${quote(operator)}: ${left} ${operator} ${right}`);
  }

  nanResult(name: string): void {
    const reason = "input to histogram_quantile has NaN observations, result is NaN";
    this.#info(forMetric(reason, name));
  }

  nanSkew(name: string): void {
    const reason = "input to histogram_quantile has NaN observations, result is skewed higher";
    this.#info(forMetric(reason, name));
  }

  nanFraction(name: string): void {
    const reason =
      "input to histogram_fraction has NaN observations, which are excluded from all fractions";
    this.#info(forMetric(reason, name));
  }

  #warn(text: string): void {
    this.#annotations.warn(text, this.#position);
  }

  #info(text: string): void {
    this.#annotations.info(text, this.#position);
  }
}

/** `text` with the metric's name, if it is known. */
export function forMetric(text: string, name: string): string {
  return name === "" ? text : `${text} for metric name ${quote(name)}`;
}
