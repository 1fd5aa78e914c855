import { parse as parseYaml, YAMLParseError } from "yaml";
import { z } from "zod";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { configKeys, nearest, unwrap } from "./keys.ts";
import { type Config, configSchema } from "./schema.ts";

/** Where settings come from; later ones win. */
export interface ConfigSources {
  /** Text of the YAML file and its name, for messages. */
  readonly file?: { readonly path: string; readonly text: string };
  /** The environment; only keys of the schema are read. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags by name, without dashes: `ingester.block-duration`. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** The keys of the server's configuration. */
export const CONFIG_KEYS = configKeys(configSchema);

/**
 * Merges file, environment and flags, in this order, and checks the result. Every problem is in
 * the one `bad_data` error: its path, what was expected, and for unknown keys the nearest known.
 */
export function loadConfig(sources: ConfigSources): Config {
  const tree = sources.file ? parseFile(sources.file) : {};
  for (const key of CONFIG_KEYS) {
    const value = sources.flags?.[key.flag] ?? sources.env?.[key.env];
    if (value !== undefined) setAt(tree, key.path, value);
  }
  const flags = new Map(CONFIG_KEYS.map((key) => [key.flag, key]));
  const unknown = Object.keys(sources.flags ?? {}).filter((flag) => !flags.has(flag));
  const problems = unknown.map(
    (flag) => `--${flag}: unknown flag${hint(flag, [...flags.keys()], "--")}`,
  );
  const result = configSchema.safeParse(tree);
  if (!result.success) problems.push(...describe(result.error.issues, configSchema));
  if (problems.length > 0 || !result.success) {
    throw new NarthexError("bad_data", `invalid configuration:\n  ${problems.join("\n  ")}`);
  }
  return result.data;
}

function parseFile(file: { path: string; text: string }): Record<string, unknown> {
  let tree: unknown;
  try {
    tree = parseYaml(file.text);
  } catch (error) {
    const at = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
    const where = at ? `:${at.line}:${at.col}` : "";
    throw new NarthexError("bad_data", `read ${file.path}${where}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== "object" || Array.isArray(tree)) {
    throw new NarthexError("bad_data", `read ${file.path}: want a mapping at the top`);
  }
  return tree as Record<string, unknown>;
}

function setAt(tree: Record<string, unknown>, path: readonly string[], value: string): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    const child = node[key];
    if (typeof child !== "object" || child === null) node[key] = {};
    node = node[key] as Record<string, unknown>;
  }
  node[path[path.length - 1]!] = value;
}

/** One line per problem: path, what was expected, nearest known key. */
export function describe(issues: readonly z.core.$ZodIssue[], schema: z.ZodType): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") return [`${path || "(root)"}: ${issue.message}`];
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const full = path === "" ? key : `${path}.${key}`;
      return `${full}: unknown key${hint(key, known, "")}`;
    });
  });
}

function hint(word: string, known: readonly string[], dashes: string): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `, did you mean ${dashes}${near}?`;
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node = unwrap(schema);
  for (const key of path) {
    if (node instanceof z.ZodObject) node = unwrap(node.shape[String(key)] as z.ZodType);
    else if (node instanceof z.ZodRecord) node = unwrap(node.def.valueType as z.ZodType);
  }
  return node instanceof z.ZodObject ? Object.keys(node.shape) : [];
}

/** The configuration as `/config` shows it: secrets replaced. */
export function redacted(config: Config): unknown {
  const copy = structuredClone(config) as unknown as Record<string, unknown>;
  for (const key of CONFIG_KEYS) {
    if (key.info.secret !== true) continue;
    let node = copy;
    for (const step of key.path.slice(0, -1)) node = node[step] as Record<string, unknown>;
    const last = key.path[key.path.length - 1]!;
    if (node[last] !== "") node[last] = "<secret>";
  }
  return copy;
}
