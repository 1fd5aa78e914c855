import { NarthexError } from "#pkg/errs/mod.ts";
import { type Labels, labelValue, METRIC_NAME } from "#pkg/labels/mod.ts";
import { compileRe2, type Re2 } from "#pkg/re2/mod.ts";
import type { Call, Expr } from "../syntax/ast.ts";
import { isValidLabelName } from "../syntax/literals.ts";
import type { Evaluator, Frame } from "./context.ts";
import { withLabel } from "./label-sets.ts";
import { SeenSteps } from "./names.ts";
import type { RowSink } from "./row.ts";

/** `label_replace` and `label_join`: the same values under other labels. */
export async function labelCall(
  call: Call,
  frame: Frame,
  evaluator: Evaluator,
  sink: RowSink,
): Promise<void> {
  const change = call.func.name === "label_replace" ? replacement(call) : joining(call);
  const dst = text(call.args[1]!);
  // Series may have become alike; then they are one, whose rows may come apart, or clash.
  const seen = new SeenSteps();
  await evaluator.rows(call.args[0]!, frame, {
    push(row) {
      const changed = change(row.labels);
      if (changed !== undefined) {
        row.labels = withLabel(row.labels, dst, changed);
        if (dst === METRIC_NAME) row.dropName = false;
      }
      seen.add(row.labels, row);
      sink.push(row);
    },
  });
}

/** The new value of a label, or undefined where it stays as it is. */
type Change = (labels: Labels) => string | undefined;

function replacement(call: Call): Change {
  const [dst, template, src, pattern] = call.args.slice(1).map(text) as [
    string,
    string,
    string,
    string,
  ];
  let re: Re2;
  try {
    re = compileRe2(pattern);
  } catch (cause) {
    const reason = `invalid regular expression in label_replace(): ${pattern}`;
    throw new NarthexError("execution", reason, { cause });
  }
  checkName(dst, "destination", "label_replace");
  return (labels) => re.replace(labelValue(labels, src), template);
}

function joining(call: Call): Change {
  const [dst, separator, ...sources] = call.args.slice(1).map(text) as [string, string];
  for (const source of sources) checkName(source, "source", "label_join");
  checkName(dst, "destination", "label_join");
  return (labels) => (sources as string[]).map((name) => labelValue(labels, name)).join(separator);
}

function checkName(name: string, role: string, func: string): void {
  if (isValidLabelName(name)) return;
  throw new NarthexError("execution", `invalid ${role} label name in ${func}(): ${name}`);
}

function text(arg: Expr): string {
  return arg.kind === "string" ? arg.value : "";
}
