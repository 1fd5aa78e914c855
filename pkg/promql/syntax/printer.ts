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
import { childrenOf } from "./ast.ts";
import { quoteBytes } from "./literals.ts";

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
      return quoteBytes(expr.value);
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
  return new Layout(lineBytesMax).print(expr);
}

class Layout {
  readonly #lineBytesMax: number;
  readonly #long = new Map<Expr, boolean>();
  /** In pieces: a query of many levels is put together once, not at each level. */
  readonly #out: string[] = [];

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** True if `expr` does not fit on a line; what holds something long is not even printed. */
  #isLong(expr: Expr): boolean {
    let long = this.#long.get(expr);
    if (long === undefined) {
      long =
        childrenOf(expr).some((child) => this.#isLong(child)) ||
        new TextEncoder().encode(formatExpr(expr)).length > this.#lineBytesMax;
      this.#long.set(expr, long);
    }
    return long;
  }

  print(expr: Expr): string {
    this.#out.length = 0;
    this.#write(expr, 0, false);
    return this.#out.join("");
  }

  /** @param bare whether the first line goes without its indentation. */
  #write(expr: Expr, level: number, bare: boolean): void {
    const out = this.#out;
    const space = "  ".repeat(level);
    const indent = bare ? "" : space;
    const whole = expr.kind === "unary" ? false : !this.#isLong(expr);
    if (whole) {
      const inPlace = expr.kind === "subquery" || expr.kind === "duration";
      out.push(inPlace ? "" : indent, formatExpr(expr));
      return;
    }
    switch (expr.kind) {
      case "aggregate":
        out.push(indent, formatAggregateHead(expr));
        this.#writeList(expr.param ? [expr.param, expr.expr] : [expr.expr], level);
        break;
      case "binary":
        this.#write(expr.lhs, level + 1, bare);
        out.push("\n", space, formatOperator(expr), "\n");
        this.#write(expr.rhs, level + 1, false);
        break;
      case "call":
        out.push(indent, expr.func.name);
        this.#writeList(expr.args, level);
        break;
      case "paren":
        out.push(indent);
        this.#writeList([expr.expr], level);
        break;
      case "subquery":
        this.#write(expr.expr, level, bare);
        out.push(formatSubqueryTail(expr));
        break;
      case "unary":
        out.push(indent, expr.op);
        this.#write(expr.expr, level, true);
        break;
      default:
        out.push(expr.kind === "duration" ? "" : indent, formatExpr(expr));
    }
  }

  /** `items` in parentheses, each on lines of its own, one level down. */
  #writeList(items: readonly Expr[], level: number): void {
    this.#out.push("(\n");
    items.forEach((item, i) => {
      if (i > 0) this.#out.push(",\n");
      this.#write(item, level + 1, false);
    });
    this.#out.push("\n", "  ".repeat(level), ")");
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
