import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import { METRIC_NAME } from "#pkg/labels/mod.ts";
import type { Call } from "../syntax/ast.ts";
import type { Evaluator, Frame } from "./context.ts";
import { histogramAvg, histogramStddev, histogramVariance } from "./functions/native-histogram.ts";
import { filterLabels } from "./label-sets.ts";
import { nameDropper } from "./names.ts";
import { type RowSink, StepKind } from "./row.ts";

/** Functions that take a number from each native histogram. */
const VALUES: ReadonlyMap<string, (h: FloatHistogram) => number> = new Map([
  ["histogram_avg", histogramAvg],
  ["histogram_count", (h: FloatHistogram) => h.count],
  ["histogram_stddev", histogramStddev],
  ["histogram_stdvar", histogramVariance],
  ["histogram_sum", (h: FloatHistogram) => h.sum],
]);

export function isHistogramValue(name: string): boolean {
  return VALUES.has(name);
}

/** Pushes what a function makes of each native histogram; floats are left out. */
export async function histogramValueCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const value = VALUES.get(call.func.name)!;
  // As in Prometheus: type and unit stay where names are dropped at once.
  const target = nameDropper(call.args[0]!, evaluator.context.features, sink, (labels) =>
    filterLabels(labels, (name) => name !== METRIC_NAME),
  );
  await evaluator.rows(call.args[0]!, frame, {
    push(row) {
      const { histograms, kinds, values } = row;
      if (histograms === undefined) return;
      let any = false;
      for (let i = 0; i < kinds.length; i++) {
        if (kinds[i] === StepKind.histogram) {
          values[i] = value(histograms[i]!);
          kinds[i] = StepKind.float;
          any = true;
        } else kinds[i] = StepKind.none;
      }
      row.histograms = undefined;
      if (!any) return;
      row.dropName = true;
      target.push(row);
    },
  });
}
