import type { Matcher } from "#pkg/labels/mod.ts";
import { formatFloat } from "#pkg/model/mod.ts";
import type { DurationExpr, Expr, TimeModifiers, VectorSelector } from "./ast.ts";

/** A value that JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [k: string]: Json };

/** The tree as the `parse_query` API shows it. Source: Prometheus web/api/v1/translate_ast.go. */
export function astToJson(expr: Expr): Json {
  switch (expr.kind) {
    case "aggregate":
      return {
        type: "aggregation",
        op: expr.op,
        expr: astToJson(expr.expr),
        param: expr.param ? astToJson(expr.param) : null,
        grouping: expr.grouping,
        without: expr.without,
      };
    case "binary": {
      const m = expr.matching;
      const fillValues = { lhs: m?.fillLeft ?? null, rhs: m?.fillRight ?? null };
      return {
        type: "binaryExpr",
        op: expr.op,
        lhs: astToJson(expr.lhs),
        rhs: astToJson(expr.rhs),
        matching: m
          ? { card: m.card, labels: m.labels, on: m.on, include: m.include, fillValues }
          : null,
        bool: expr.returnBool,
      };
    }
    case "call": {
      const { name, args, variadic, returns } = expr.func;
      return {
        type: "call",
        func: { name, argTypes: args, variadic, returnType: returns },
        args: expr.args.map(astToJson),
      };
    }
    case "duration":
      return durationToJson(expr);
    case "matrixSelector":
      return {
        ...selectorToJson(expr.selector),
        type: "matrixSelector",
        range: expr.rangeMs,
        rangeExpr: durationToJson(expr.rangeExpr),
      };
    case "number":
      return { type: "numberLiteral", val: formatFloat(expr.value) };
    case "paren":
      return { type: "parenExpr", expr: astToJson(expr.expr) };
    case "string":
      return { type: "stringLiteral", val: expr.value };
    case "subquery":
      return {
        type: "subquery",
        expr: astToJson(expr.expr),
        range: expr.rangeMs,
        rangeExpr: durationToJson(expr.rangeExpr),
        step: expr.stepMs,
        stepExpr: durationToJson(expr.stepExpr),
        ...modifiersToJson(expr),
      };
    case "unary":
      return { type: "unaryExpr", op: expr.op, expr: astToJson(expr.expr) };
    case "vectorSelector":
      return { type: "vectorSelector", ...selectorToJson(expr) };
  }
}

function durationToJson(expr: Expr | undefined): Json {
  if (!expr) return null;
  if (expr.kind === "number") {
    return { type: "numberLiteral", val: formatFloat(expr.value), duration: expr.duration };
  }
  const { op, lhs, rhs, wrapped } = expr as DurationExpr;
  return { type: "durationExpr", op, lhs: durationToJson(lhs), rhs: durationToJson(rhs), wrapped };
}

function selectorToJson(selector: VectorSelector): { readonly [k: string]: Json } {
  return {
    name: selector.name,
    matchers: selector.matchers.map(matcherToJson),
    anchored: selector.anchored,
    smoothed: selector.smoothed,
    ...modifiersToJson(selector),
  };
}

function modifiersToJson(modifiers: TimeModifiers): { readonly [k: string]: Json } {
  return {
    offset: modifiers.offsetMs,
    offsetExpr: durationToJson(modifiers.offsetExpr),
    timestamp: modifiers.timestampMs ?? null,
    startOrEnd: modifiers.startOrEnd ?? null,
  };
}

function matcherToJson(matcher: Matcher): Json {
  return { name: matcher.name, value: matcher.value, type: matcher.type };
}
