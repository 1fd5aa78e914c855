import { NarthexError } from "#pkg/errs/mod.ts";
import {
  compareBytes,
  formatLabels,
  type Labels,
  labelsKey,
  labelValue,
  type Matcher,
  METRIC_NAME,
} from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { SampleColumns } from "#pkg/storage/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { walk } from "../syntax/ast.ts";
import { type Evaluator, type Frame, replay } from "./context.ts";
import { withLabel } from "./label-sets.ts";
import { lookTimes } from "./look-times.ts";
import { Row, type RowSink, RowStore, StepKind } from "./row.ts";
import { Look, lookBack, selectBatches } from "./select.ts";
import { MergedRows } from "./subquery.ts";

/** Labels by which a series finds what describes its target. */
const IDENTIFYING: readonly string[] = ["instance", "job"];
const TARGET_INFO = "target_info";

/** What the second argument of `info` asks for. */
interface DataSelector {
  /** Matchers on labels other than the name, by label; empty: all labels are added. */
  readonly byLabel: ReadonlyMap<string, readonly Matcher[]>;
  readonly names: readonly Matcher[];
}

/** `info`: adds labels of info metrics of the same `instance` and `job`. */
export async function infoCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const { budget, pace } = evaluator.context;
  const base = new RowStore(frame.steps, budget);
  await evaluator.rows(call.args[0]!, frame, base);
  const selector = dataSelector(call.args[1]);
  const ignored = base.labels.map((labels) => {
    const name = labelValue(labels, METRIC_NAME);
    return selector.names.every((matcher) => matcher.matches(name));
  });
  const infos = await fetchInfos(call, { frame, evaluator, base, ignored, selector });
  const merged = new MergedRows(frame.steps, budget);
  const enrichment = new Enrichment({ base, infos, selector, frame });
  const row = new Row(frame.steps);
  for (let r = 0; r < base.length; r++) {
    if (ignored[r]) {
      base.load(r, row);
      merged.push(row);
    } else enrichment.run(r, merged);
    if (pace.due()) await pace.rest();
  }
  await replay(merged.store, sink, pace);
  for (const store of [base, infos, merged.store]) store.release();
}

function dataSelector(arg: Expr | undefined): DataSelector {
  const byLabel = new Map<string, Matcher[]>();
  const names: Matcher[] = [];
  for (const matcher of arg?.kind === "vectorSelector" ? arg.matchers : []) {
    if (matcher.name === METRIC_NAME) names.push(matcher);
    else byLabel.set(matcher.name, [...(byLabel.get(matcher.name) ?? []), matcher]);
  }
  if (names.length === 0) names.push(newMatcher("=", METRIC_NAME, TARGET_INFO));
  else if (!names.some(({ type }) => type === "=" || type === "=~")) {
    names.unshift(newMatcher("=~", METRIC_NAME, ".+_info"));
  }
  return { byLabel, names };
}

/** The info series that may describe any of the base series; values are their samples' times, ms. */
async function fetchInfos(
  call: Call,
  options: {
    readonly frame: Frame;
    readonly evaluator: Evaluator;
    readonly base: RowStore;
    readonly ignored: readonly boolean[];
    readonly selector: DataSelector;
  },
): Promise<RowStore> {
  const { frame, evaluator, base, ignored, selector } = options;
  const { context } = evaluator;
  const infos = new RowStore(frame.steps, context.budget);
  const matchers = identityMatchers(base, ignored);
  if (matchers.length === 0) return infos;
  for (const group of selector.byLabel.values()) matchers.push(...group);
  matchers.push(...selector.names);
  const times = lookTimes(infoModifiers(call.args[0]!), frame);
  const { lookbackDeltaMs } = context;
  const mint = times.firstMs - lookbackDeltaMs + 1;
  const maxt = times.firstMs + (frame.steps - 1) * times.stepMs;
  const params = {
    mint,
    maxt,
    matchers,
    hints: { step: frame.stepMs, func: "info" },
    onWarning: (warning: string) => context.annotations.warnPlain(warning),
  };
  const columns = new SampleColumns();
  const row = new Row(frame.steps);
  for await (const batch of selectBatches(params, context)) {
    for (const series of batch) {
      columns.clear();
      series.read(columns, mint, maxt);
      row.clear();
      if (columns.histograms !== undefined) {
        lookBack(columns, row, { times, lookbackDeltaMs, look: Look.value });
        if (row.histograms !== undefined) refuseHistograms(series.labels);
      }
      row.clear();
      const found = lookBack(columns, row, { times, lookbackDeltaMs, look: Look.time });
      row.labels = series.labels;
      if (found > 0) infos.push(row);
      if (context.pace.due()) await context.pace.rest();
    }
  }
  return infos;
}

function refuseHistograms(labels: Labels): never {
  const series = formatLabels(labels);
  const reason = `this should be an info metric, with float samples: ${series}`;
  throw new NarthexError("execution", reason);
}

/** The time at which info series are looked at: that of the first selector of the argument. */
function infoModifiers(expr: Expr): { offsetMs: number; timestampMs: number | undefined } {
  let found: { offsetMs: number; timestampMs: number | undefined } | undefined;
  walk(expr, (node, path) => {
    if (found || node.kind !== "vectorSelector") return;
    let { offsetMs, timestampMs } = node;
    for (let i = path.length - 1; timestampMs === undefined && i >= 0; i--) {
      const outer = path[i]!;
      if (outer.kind !== "subquery") continue;
      offsetMs += outer.offsetMs;
      timestampMs = outer.timestampMs;
    }
    found = { offsetMs, timestampMs };
  });
  return found ?? { offsetMs: 0, timestampMs: undefined };
}

/** One matcher per identifying label, for all values that the base series have. */
function identityMatchers(base: RowStore, ignored: readonly boolean[]): Matcher[] {
  const matchers: Matcher[] = [];
  for (const name of IDENTIFYING) {
    const values = new Set<string>();
    base.labels.forEach((labels, r) => {
      const value = ignored[r] ? "" : labelValue(labels, name);
      if (value !== "") values.add(value);
    });
    if (values.size === 0) continue;
    const pattern = [...values].sort(compareBytes).map(quoteMeta).join("|");
    matchers.push(newMatcher("=~", name, pattern));
  }
  return matchers;
}

function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

function identity(labels: Labels): string {
  return IDENTIFYING.map((name) => labelValue(labels, name)).join("\xff");
}

class Enrichment {
  readonly #base: RowStore;
  readonly #infos: RowStore;
  readonly #selector: DataSelector;
  readonly #row: Row;
  readonly #steps: number;
  /** Rows of info series by identity, then by metric name. */
  readonly #byIdentity = new Map<string, Map<string, number[]>>();

  constructor(options: {
    readonly base: RowStore;
    readonly infos: RowStore;
    readonly selector: DataSelector;
    readonly frame: Frame;
  }) {
    this.#base = options.base;
    this.#infos = options.infos;
    this.#selector = options.selector;
    this.#steps = options.frame.steps;
    this.#row = new Row(this.#steps);
    this.#infos.labels.forEach((labels, r) => {
      const key = identity(labels);
      const byName = this.#byIdentity.get(key) ?? new Map<string, number[]>();
      const name = labelValue(labels, METRIC_NAME);
      byName.set(name, [...(byName.get(name) ?? []), r]);
      this.#byIdentity.set(key, byName);
    });
  }

  /** Pushes base row `r` under the labels that each step's info series give it. */
  run(r: number, sink: RowSink): void {
    const labels = this.#base.labels[r]!;
    const byName = this.#byIdentity.get(identity(labels)) ?? new Map<string, number[]>();
    const at = this.#base.offset(r);
    const outputs = new Map<string, { readonly labels: Labels; readonly steps: number[] }>();
    for (let i = 0; i < this.#steps; i++) {
      if (this.#base.kinds(r)[at + i] === 0) continue;
      const chosen: number[] = [];
      for (const rows of byName.values()) {
        const newest = this.#newest(rows, i);
        if (newest >= 0) chosen.push(newest);
      }
      if (chosen.length === 0 && !this.#mayBeBare()) continue;
      const enriched = this.#enriched(labels, chosen);
      const key = labelsKey(enriched);
      const output = outputs.get(key);
      if (output) output.steps.push(i);
      else outputs.set(key, { labels: enriched, steps: [i] });
    }
    for (const output of outputs.values()) {
      const row = this.#row;
      row.clear();
      const histograms = this.#base.histograms(r);
      for (const i of output.steps) {
        const kind = this.#base.kinds(r)[at + i]!;
        if (kind === StepKind.histogram) row.setHistogram(i, histograms![i]!);
        else {
          row.kinds[i] = kind;
          row.values[i] = this.#base.values(r)[at + i]!;
        }
      }
      row.labels = output.labels;
      row.dropName = this.#base.dropNames[r]!;
      sink.push(row);
    }
  }

  /** The row with the latest sample at step `i`; two at the same time contradict each other. */
  #newest(rows: readonly number[], i: number): number {
    const time = (r: number): number => this.#infos.values(r)[this.#infos.offset(r) + i]!;
    let best = -1;
    for (const r of rows) {
      if (this.#infos.kinds(r)[this.#infos.offset(r) + i] === 0) continue;
      if (best >= 0 && time(best) === time(r)) this.#refuse(best, r, time(r) * 1000);
      if (best < 0 || time(r) > time(best)) best = r;
    }
    return best;
  }

  #refuse(a: number, b: number, timeMs: number): never {
    const [x, y] = [a, b].map((r) => `${formatLabels(this.#infos.labels[r]!)} @ ${timeMs}`);
    throw new NarthexError(
      "execution",
      `found duplicate series for info metric: existing ${x}, new ${y}`,
    );
  }

  /** True if a series without info passes: no matcher asks for a label's presence. */
  #mayBeBare(): boolean {
    for (const matchers of this.#selector.byLabel.values()) {
      if (!matchers.every((matcher) => matcher.matches(""))) return false;
    }
    return true;
  }

  #enriched(labels: Labels, infoRows: readonly number[]): Labels {
    const { byLabel } = this.#selector;
    let out = labels;
    const added = new Map<string, string>();
    for (const r of infoRows) {
      const info = this.#infos.labels[r]!;
      for (let i = 0; i < info.length; i += 2) {
        const name = info[i]!;
        if (name === METRIC_NAME || (byLabel.size > 0 && !byLabel.has(name))) continue;
        const known = added.get(name);
        if (known !== undefined && known !== info[i + 1]) {
          throw new NarthexError("execution", `conflicting label: ${name}`);
        }
        if (labelValue(labels, name) !== "") continue;
        added.set(name, info[i + 1]!);
        out = withLabel(out, name, info[i + 1]!);
      }
    }
    return out;
  }
}
