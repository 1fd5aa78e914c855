import {
  compareLabels,
  EMPTY_LABELS,
  type Labels,
  labelValue,
  METRIC_NAME,
} from "#pkg/labels/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { type Evaluator, type Frame, replay } from "./context.ts";
import { clampRow, DATE_PARTS, ELEMENTWISE, mapRow, roundRow } from "./functions/elementwise.ts";
import { histogramCall } from "./histogram-call.ts";
import { histogramValueCall, isHistogramValue } from "./histogram-value-call.ts";
import { infoCall } from "./info-call.ts";
import { labelCall } from "./label-call.ts";
import { withLabel } from "./label-sets.ts";
import { nameDropper } from "./names.ts";
import { compareNatural } from "./natural-order.ts";
import { isRangeFunction, rangeCall } from "./range-call.ts";
import { Row, type RowSink, RowStore } from "./row.ts";
import { Look, selectInstant } from "./select.ts";

/** Pushes the rows of a function that gives a vector. */
export async function vectorCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { name } = call.func;
  const { features } = evaluator.context;
  if (name === "absent" || name === "absent_over_time") {
    return absentCall(call, frame, evaluator, sink);
  }
  if (isRangeFunction(name)) {
    const range = call.args.find(
      (arg) => arg.kind === "matrixSelector" || arg.kind === "subquery",
    )!;
    return rangeCall(call, frame, evaluator, nameDropper(range, features, sink));
  }
  if (name === "label_replace" || name === "label_join") {
    return labelCall(call, frame, evaluator, sink);
  }
  if (name.startsWith("histogram_")) {
    if (isHistogramValue(name)) return histogramValueCall(call, frame, evaluator, sink);
    const vector = name === "histogram_quantiles" ? call.args[0]! : call.args.at(-1)!;
    return histogramCall(call, frame, evaluator, nameDropper(vector, features, sink));
  }
  if (name.startsWith("sort")) return sortCall(call, frame, evaluator, sink);
  switch (name) {
    case "info":
      return infoCall(call, frame, evaluator, sink);
    case "vector":
      return pushConstant(await evaluator.scalar(call.args[0]!, frame), EMPTY_LABELS, sink);
    case "timestamp":
      return timestampCall(call, frame, evaluator, nameDropper(call.args[0]!, features, sink));
    case "start_timestamp":
      return startTimestampCall(call, frame, evaluator, nameDropper(call.args[0]!, features, sink));
    default:
      return elementwiseCall(call, frame, evaluator, sink);
  }
}

function pushConstant(values: Float64Array, labels: Labels, sink: RowSink): void {
  const row = new Row(values.length);
  row.labels = labels;
  row.values.set(values);
  row.kinds.fill(1);
  sink.push(row);
}

/** The time of each step, s. */
export function stepSeconds(frame: Frame): Float64Array {
  const out = new Float64Array(frame.steps);
  for (let i = 0; i < out.length; i++) out[i] = (frame.startMs + i * frame.stepMs) / 1000;
  return out;
}

/** Functions that change each value by itself. */
async function elementwiseCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { name } = call.func;
  const datePart = DATE_PARTS.get(name);
  if (datePart && call.args.length === 0) {
    return pushConstant(stepSeconds(frame).map(datePart), EMPTY_LABELS, sink);
  }
  const change = await rowChange(call, frame, evaluator);
  const target = nameDropper(call.args[0]!, evaluator.context.features, sink);
  await evaluator.rows(call.args[0]!, frame, {
    push(row) {
      row.dropHistograms();
      change(row);
      if (row.kinds.indexOf(1) < 0) return;
      row.dropName = true;
      target.push(row);
    },
  });
}

async function rowChange(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
): Promise<(row: Row) => void> {
  const { name } = call.func;
  const scalar = (i: number): Promise<Float64Array> => evaluator.scalar(call.args[i]!, frame);
  const constant = (value: number): Float64Array => new Float64Array(frame.steps).fill(value);
  switch (name) {
    case "clamp": {
      const min = await scalar(1);
      const max = await scalar(2);
      return (row) => clampRow(row, min, max);
    }
    case "clamp_min": {
      const min = await scalar(1);
      const max = constant(Infinity);
      return (row) => clampRow(row, min, max);
    }
    case "clamp_max": {
      const min = constant(-Infinity);
      const max = await scalar(1);
      return (row) => clampRow(row, min, max);
    }
    case "round": {
      const to = call.args.length > 1 ? await scalar(1) : constant(1);
      return (row) => roundRow(row, to);
    }
    default: {
      const change = ELEMENTWISE.get(name) ?? DATE_PARTS.get(name)!;
      return (row) => mapRow(row, change);
    }
  }
}

async function timestampCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const arg = call.args[0]!;
  const marking = dropNames(sink);
  if (arg.kind === "vectorSelector") {
    await selectInstant(arg, frame, { evaluator, sink: marking, look: Look.time });
    return;
  }
  const times = stepSeconds(frame);
  await evaluator.rows(arg, frame, {
    push(row) {
      row.values.set(times);
      for (let i = 0; i < row.kinds.length; i++) if (row.kinds[i] !== 0) row.kinds[i] = 1;
      row.histograms = undefined;
      marking.push(row);
    },
  });
}

function dropNames(sink: RowSink): RowSink {
  return {
    push(row) {
      row.dropName = true;
      sink.push(row);
    },
  };
}

/** The start timestamps of samples; of anything but a selector none are known. */
async function startTimestampCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const arg = call.args[0]!;
  const known =
    arg.kind === "vectorSelector" && evaluator.context.features.useStartTimestamps === true;
  if (!known) return evaluator.rows(arg, frame, { push: () => undefined });
  await selectInstant(arg, frame, { evaluator, sink: dropNames(sink), look: Look.start });
}

/** 1 where the argument has nothing. */
async function absentCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const present = new Uint8Array(frame.steps);
  const watch: RowSink = {
    push({ kinds }) {
      for (let i = 0; i < kinds.length; i++) if (kinds[i] !== 0) present[i] = 1;
    },
  };
  if (call.func.name === "absent") await evaluator.rows(call.args[0]!, frame, watch);
  else await rangeCall(call, frame, evaluator, watch);
  const row = new Row(frame.steps);
  for (let i = 0; i < present.length; i++) {
    if (present[i] !== 0) continue;
    row.kinds[i] = 1;
    row.values[i] = 1;
  }
  if (row.kinds.indexOf(1) < 0) return;
  row.labels = absentLabels(call.args[0]!);
  sink.push(row);
}

/** The labels that a selector's matchers say exactly. */
function absentLabels(arg: Expr): Labels {
  const selector = arg.kind === "matrixSelector" ? arg.selector : arg;
  if (selector.kind !== "vectorSelector") return EMPTY_LABELS;
  let labels = EMPTY_LABELS;
  const seen = new Set<string>();
  for (const { name, type, value } of selector.matchers) {
    if (name === METRIC_NAME) continue;
    const exact = type === "=" && !seen.has(name);
    if (exact) seen.add(name);
    labels = withLabel(labels, name, exact ? value : "");
  }
  return labels;
}

/** Orders an instant result; a range's result is always in order of labels. */
async function sortCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { annotations, budget, pace } = evaluator.context;
  const byValue = !call.func.name.startsWith("sort_by_label");
  const floatsOnly = (to: RowSink): RowSink => (byValue ? withoutHistograms(to) : to);
  if (frame.steps > 1) {
    const reason =
      "sort is ineffective for range queries since results are always ordered by labels";
    annotations.warn(reason, call.position);
    await evaluator.rows(call.args[0]!, frame, floatsOnly(sink));
    return;
  }
  const store = new RowStore(frame.steps, budget);
  await evaluator.rows(call.args[0]!, frame, floatsOnly(store));
  const order = Array.from({ length: store.length }, (_, i) => i);
  order.sort(rowOrder(call, store));
  await replay(store, sink, pace, order);
  store.release();
}

/** Histograms have no order; they are left out. */
function withoutHistograms(sink: RowSink): RowSink {
  return {
    push(row) {
      if (!row.dropHistograms() || row.hasSamples()) sink.push(row);
    },
  };
}

function rowOrder(call: Call, store: RowStore): (a: number, b: number) => number {
  const sign = call.func.name.endsWith("_desc") ? -1 : 1;
  if (call.func.name.startsWith("sort_by_label")) {
    const names = call.args.slice(1).map((arg) => (arg.kind === "string" ? arg.value : ""));
    return (a, b) => {
      for (const name of names) {
        const x = labelValue(store.labels[a]!, name);
        const y = labelValue(store.labels[b]!, name);
        if (x !== y) return compareNatural(x, y) * sign;
      }
      return compareLabels(store.labels[a]!, store.labels[b]!) * sign;
    };
  }
  const value = (r: number): number => store.values(r)[store.offset(r)]!;
  return (a, b) => {
    const x = value(a);
    const y = value(b);
    // NaN comes last either way.
    if (Number.isNaN(x) || Number.isNaN(y))
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return x === y ? a - b : (x < y ? -1 : 1) * sign;
  };
}
