import { z } from "zod";
import { nearest } from "#pkg/config/mod.ts";

/** One line per problem: path, what is wrong, and for an unknown key the nearest known one. */
export function describeProblems(issues: readonly z.core.$ZodIssue[], schema: z.ZodType): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") {
      return [path === "" ? issue.message : `${path}: ${issue.message}`];
    }
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? "" : `, did you mean ${near}?`;
      return `${path === "" ? key : `${path}.${key}`}: unknown key${hint}`;
    });
  });
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node = unwrap(schema);
  for (const key of path) {
    if (node instanceof z.ZodObject) node = unwrap(node.shape[String(key)] as z.ZodType);
    else if (node instanceof z.ZodRecord) node = unwrap(node.def.valueType as z.ZodType);
    else if (node instanceof z.ZodArray) node = unwrap(node.def.element as z.ZodType);
    else return [];
  }
  return node instanceof z.ZodObject ? Object.keys(node.shape) : [];
}

/** The schema below optional, defaults and what comes before or after it. */
function unwrap(schema: z.ZodType): z.ZodType {
  let node = schema;
  for (;;) {
    if (node instanceof z.ZodOptional || node instanceof z.ZodDefault) {
      node = node.def.innerType as z.ZodType;
    } else if (node instanceof z.ZodPipe) {
      const { in: input, out } = node.def;
      node = (input instanceof z.ZodTransform ? out : input) as z.ZodType;
    } else return node;
  }
}
