import { compareLabels, type Labels, labelsEqual, type Matcher } from "#pkg/labels/mod.ts";

/**
 * Characters that the names and values of an exemplar's labels may have together.
 * Source: OpenMetrics 1.0, "Exemplars".
 */
export const EXEMPLAR_LABEL_CHARS_MAX = 128;

/** What a single observation of a series was, such as the trace it belongs to. */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** Which exemplars are wanted: of series that one of the sets selects; times in ms, inclusive. */
export interface ExemplarParams {
  readonly mint: number;
  readonly maxt: number;
  readonly matcherSets: readonly (readonly Matcher[])[];
}

/** The exemplars of one series, in ascending order. */
export interface SeriesExemplars {
  readonly labels: Labels;
  readonly exemplars: readonly Exemplar[];
}

/** Code points of all names and values. */
export function exemplarLabelChars(labels: Labels): number {
  let count = 0;
  for (const text of labels) {
    count += text.length;
    for (let i = 1; i < text.length; i++) {
      const isPair = (text.charCodeAt(i) & 0xfc00) === 0xdc00;
      if (isPair && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
    }
  }
  return count;
}

/** Upstream's order: by time, value, labels; a NaN equals a NaN and comes first. */
export function compareExemplars(a: Exemplar, b: Exemplar): number {
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp;
  if (a.value < b.value) return -1;
  if (a.value > b.value) return 1;
  const order = Number(Number.isNaN(b.value)) - Number(Number.isNaN(a.value));
  return order !== 0 ? order : compareLabels(a.labels, b.labels);
}

/**
 * Unites answers, each sorted by series, such as those of replicas: a series and an exemplar stand
 * in the result once.
 */
export function mergeSeriesExemplars(
  answers: readonly (readonly SeriesExemplars[])[],
): readonly SeriesExemplars[] {
  const filled = answers.filter((answer) => answer.length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  const all = filled.flat().sort((a, b) => compareLabels(a.labels, b.labels));
  const out: SeriesExemplars[] = [];
  for (let from = 0, to = 0; from < all.length; from = to) {
    const { labels } = all[from]!;
    to = from + 1;
    while (to < all.length && labelsEqual(all[to]!.labels, labels)) to++;
    if (to === from + 1) out.push(all[from]!);
    else out.push({ labels, exemplars: united(all.slice(from, to)) });
  }
  return out;
}

function united(parts: readonly SeriesExemplars[]): readonly Exemplar[] {
  const all = parts.flatMap(({ exemplars }) => exemplars).sort(compareExemplars);
  return all.filter((one, i) => i === 0 || compareExemplars(all[i - 1]!, one) !== 0);
}
