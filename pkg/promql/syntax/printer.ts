import { compareBytes, isLegacyLabelName, METRIC_NAME, quote } from "#pkg/labels/mod.ts";
import { formatDuration, formatFloat, formatFloatG } from "#pkg/model/mod.ts";
import type {
  AggregateExpr,
  BinaryExpr,
  DurationExpr,
  Expr,
  NumberLiteral,
  SubqueryExpr,
  TimeModifiers,
  VectorSelector,
} from "./ast.ts";

/** `expr` on one line, in the form in which Prometheus prints it. Parses back to the same tree. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case "aggregate": {
      const param = expr.param ? `${formatExpr(expr.param)}, ` : "";
      return `${formatAggregateHead(expr)}(${param}${formatExpr(expr.expr)})`;
    }
    case "binary":
      return `${formatExpr(expr.lhs)} ${formatOperator(expr)} ${formatExpr(expr.rhs)}`;
    case "call":
      return `${expr.func.name}(${expr.args.map(formatExpr).join(", ")})`;
    case "duration":
      return formatDurationExpr(expr);
    case "matrixSelector": {
      const { selector, rangeExpr, rangeMs } = expr;
      const range = rangeExpr ? formatDurationExpr(rangeExpr) : formatDuration(rangeMs);
      const head = formatSelectorHead(selector);
      return `${head}[${range}]${formatExtended(selector)}${formatAt(selector)}${formatOffset(selector)}`;
    }
    case "number":
      return formatNumber(expr);
    case "paren":
      return `(${formatExpr(expr.expr)})`;
    case "string":
      return quote(expr.value);
    case "subquery":
      return formatExpr(expr.expr) + formatSubqueryTail(expr);
    case "unary":
      return expr.op + formatExpr(expr.expr);
    case "vectorSelector": {
      const head = formatSelectorHead(expr);
      return `${head}${formatAt(expr)}${formatExtended(expr)}${formatOffset(expr)}`;
    }
  }
}

/** Lines up to this many bytes are not split. Source: Prometheus promql/parser/prettier.go. */
const LINE_BYTES_MAX = 100;

/**
 * `expr` over several lines, indented, where it is longer than a line may be. Same layout as
 * Prometheus's formatter.
 * @param lineBytesMax how long a line may be before it is split.
 */
export function prettify(expr: Expr, lineBytesMax: number = LINE_BYTES_MAX): string {
  return new Layout(lineBytesMax).print(expr, 0);
}

class Layout {
  readonly #lineBytesMax: number;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  print(expr: Expr, level: number): string {
    const indent = "  ".repeat(level);
    const text = formatExpr(expr);
    const split = new TextEncoder().encode(text).length > this.#lineBytesMax;
    const below = (child: Expr): string => this.print(child, level + 1);
    switch (expr.kind) {
      case "aggregate": {
        if (!split) return indent + text;
        const param = expr.param ? `${below(expr.param)},\n` : "";
        return `${indent}${formatAggregateHead(expr)}(\n${param}${below(expr.expr)}\n${indent})`;
      }
      case "binary":
        if (!split) return indent + text;
        return `${below(expr.lhs)}\n${indent}${formatOperator(expr)}\n${below(expr.rhs)}`;
      case "call":
        if (!split) return indent + text;
        return `${indent}${expr.func.name}(\n${expr.args.map(below).join(",\n")}\n${indent})`;
      case "paren":
        return split ? `${indent}(\n${below(expr.expr)}\n${indent})` : indent + text;
      case "subquery":
        return split ? this.print(expr.expr, level) + formatSubqueryTail(expr) : text;
      case "unary":
        return indent + expr.op + this.print(expr.expr, level).trim();
      case "duration":
        return text;
      default:
        return indent + text;
    }
  }
}

function formatAggregateHead(expr: AggregateExpr): string {
  if (expr.without) return `${expr.op} without (${formatLabelList(expr.grouping)}) `;
  if (expr.grouping.length > 0) return `${expr.op} by (${formatLabelList(expr.grouping)}) `;
  return expr.op;
}

function formatLabelList(labels: readonly string[]): string {
  return labels.map((label) => (isLegacyLabelName(label) ? label : quote(label))).join(", ");
}

/** The operator with `bool`, matching and fill modifiers. */
function formatOperator(expr: BinaryExpr): string {
  let out = expr.op + (expr.returnBool ? " bool" : "");
  const matching = expr.matching;
  if (!matching) return out;
  const grouped = matching.card === "many-to-one" || matching.card === "one-to-many";
  if (matching.labels.length > 0 || matching.on || grouped) {
    out += ` ${matching.on ? "on" : "ignoring"} (${formatLabelList(matching.labels)})`;
  }
  if (grouped) {
    const side = matching.card === "many-to-one" ? "left" : "right";
    out += ` group_${side} (${formatLabelList(matching.include)})`;
  }
  const { fillLeft, fillRight } = matching;
  if (fillLeft !== undefined && fillLeft === fillRight) {
    return `${out} fill (${formatFloatG(fillLeft)})`;
  }
  if (fillLeft !== undefined) out += ` fill_left (${formatFloatG(fillLeft)})`;
  if (fillRight !== undefined) out += ` fill_right (${formatFloatG(fillRight)})`;
  return out;
}

function formatDurationExpr(expr: DurationExpr): string {
  const lhs = expr.lhs ? formatExpr(expr.lhs) : "";
  const rhs = expr.rhs ? formatExpr(expr.rhs) : "";
  let out: string;
  if (expr.op === "step" || expr.op === "range") out = `${expr.op}()`;
  else if (expr.op === "min_of" || expr.op === "max_of") out = `${expr.op}(${lhs}, ${rhs})`;
  else if (expr.lhs) out = `${lhs} ${expr.op} ${rhs}`;
  else out = (expr.op === "-" ? "-" : "") + rhs;
  return expr.wrapped ? `(${out})` : out;
}

function formatNumber(expr: NumberLiteral): string {
  return expr.duration ? formatDuration(expr.value * 1000) : formatFloat(expr.value);
}

function formatSelectorHead(selector: VectorSelector): string {
  const { name, matchers } = selector;
  const shown = matchers
    .filter((m) => !(m.name === METRIC_NAME && m.type === "=" && m.value === name && name !== ""))
    .map((matcher) => matcher.toString())
    .sort(compareBytes);
  return shown.length === 0 ? name : `${name}{${shown.join(",")}}`;
}

function formatSubqueryTail(expr: SubqueryExpr): string {
  const { rangeExpr, rangeMs, stepExpr, stepMs } = expr;
  const range = rangeExpr ? formatDurationExpr(rangeExpr) : formatDuration(rangeMs);
  let step = stepMs === 0 ? "" : formatDuration(stepMs);
  if (stepMs === 0 && stepExpr) step = formatDurationExpr(stepExpr);
  return `[${range}:${step}]${formatAt(expr)}${formatOffset(expr)}`;
}

function formatExtended(selector: VectorSelector): string {
  if (selector.anchored) return " anchored";
  return selector.smoothed ? " smoothed" : "";
}

function formatAt(modifiers: TimeModifiers): string {
  if (modifiers.timestampMs !== undefined) {
    return ` @ ${(modifiers.timestampMs / 1000).toFixed(3)}`;
  }
  return modifiers.startOrEnd ? ` @ ${modifiers.startOrEnd}()` : "";
}

function formatOffset(modifiers: TimeModifiers): string {
  if (modifiers.offsetExpr) return ` offset ${formatDurationExpr(modifiers.offsetExpr)}`;
  return modifiers.offsetMs === 0 ? "" : ` offset ${formatDuration(modifiers.offsetMs)}`;
}
