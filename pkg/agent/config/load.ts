import { isUtf8 } from "node:buffer";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseDocument, visit } from "yaml";
import type { z } from "zod";
import { messageOf, NarthexError } from "#pkg/errs/mod.ts";
import { isLegacyLabelName, type Labels, labelsFromObject } from "#pkg/labels/mod.ts";
import { formatDuration } from "#pkg/model/mod.ts";
import { entry, ignored, list, section, text, unsupported } from "./fields.ts";
import { inDir } from "./http-client.ts";
import { describeProblems } from "./problems.ts";
import {
  type RemoteWriteConfig,
  remoteWriteConfig,
  remoteWriteSchema,
} from "./remote-write-config.ts";
import {
  globalShape,
  globalTiming,
  type ScrapeConfig,
  scrapeConfig,
  scrapeSchema,
} from "./scrape-config.ts";

/** What an agent does: what it scrapes, and where that goes. */
export interface AgentConfig {
  /** Added to every series on its way out, where it has no such label. */
  readonly externalLabels: Labels;
  readonly scrapeConfigs: readonly ScrapeConfig[];
  readonly remoteWrite: readonly RemoteWriteConfig[];
  /** What is accepted and works differently than in Prometheus; for the log. */
  readonly warnings: readonly string[];
}

/** The environment, for `external_labels`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const NOT_HERE = "is not allowed in agent mode";

const configSchema = section({
  global: section(globalShape).optional(),
  runtime: ignored(),
  scrape_configs: list(scrapeSchema).optional(),
  scrape_config_files: list(text()).optional(),
  remote_write: list(remoteWriteSchema).optional(),
  alerting: unsupported(NOT_HERE),
  rule_files: unsupported(NOT_HERE),
  remote_read: unsupported(NOT_HERE),
  storage: unsupported(),
  tracing: unsupported(),
  otlp: unsupported(),
});
type RawConfig = z.infer<typeof configSchema>;

const scrapeFileSchema = entry({ scrape_configs: list(scrapeSchema).optional() });
type RawScrape = NonNullable<RawConfig["scrape_configs"]>[number];

interface FoundScrape {
  readonly raw: RawScrape;
  /** Path of the scrape config for messages. */
  readonly where: string;
}

/**
 * Reads a file in Prometheus's configuration format. All problems are in the one `bad_data` error,
 * a line each: path, what is wrong, and for unknown keys the nearest known one.
 */
export async function loadAgentConfig(path: string, env: Environment = {}): Promise<AgentConfig> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new NarthexError("bad_data", `read ${path}: ${messageOf(error)}`, { cause: error });
  });
  if (!isUtf8(bytes)) throw new NarthexError("bad_data", `read ${path}: not valid UTF-8`);
  return await parseAgentConfig(bytes.toString("utf8"), { path, env });
}

/** As `loadAgentConfig`, of a text; `path` names it in messages and is where relative paths in it
 * start. */
export async function parseAgentConfig(
  yaml: string,
  options: { path?: string; env?: Environment } = {},
): Promise<AgentConfig> {
  const path = options.path ?? "configuration";
  const dir = options.path === undefined ? "." : dirname(options.path);
  const raw = checked(configSchema, parseYaml(yaml, path), path);
  const others = await scrapeFiles(raw.scrape_config_files ?? [], dir);
  return agentConfig(raw, others, { path, dir, env: options.env ?? {} });
}

/**
 * What a server scrapes that is configured with nothing: the job `narthex`, which is itself at
 * `address` (host and port), every `intervalMs`.
 */
export function selfScrapeConfig(address: string, intervalMs: number): AgentConfig {
  const scrape = {
    job_name: "narthex",
    scrape_interval: formatDuration(intervalMs),
    static_configs: [{ targets: [address] }],
  };
  const path = "self-scrape configuration";
  const raw = checked(configSchema, { scrape_configs: [scrape] }, path);
  return agentConfig(raw, [], { path, dir: ".", env: {} });
}

function agentConfig(
  raw: RawConfig,
  others: readonly FoundScrape[],
  { path, dir, env }: { path: string; dir: string; env: Environment },
): AgentConfig {
  const problems: string[] = [];
  const warnings: string[] = [];
  const global = raw.global ?? {};
  globalTiming(global, (problem) => problems.push(`global: ${problem}`));
  const found = (raw.scrape_configs ?? []).map((scrape, i) => ({
    raw: scrape,
    where: `scrape_configs.${i}`,
  }));
  found.push(...others);
  const config: AgentConfig = {
    externalLabels: externalLabels(global, env, { problems, warnings }),
    scrapeConfigs: found.map(({ raw: scrape, where }) =>
      scrapeConfig(scrape, global, {
        dir,
        report: (problem) => problems.push(`${where}: ${problem}`),
        warn: (warning) => warnings.push(`${where}: ${warning}`),
      }),
    ),
    remoteWrite: (raw.remote_write ?? []).map((remote) => remoteWriteConfig(remote, dir)),
    warnings,
  };
  problems.push(...duplicates(found, config.remoteWrite));
  if (problems.length > 0) throw invalid(path, problems);
  return config;
}

/** YAML with every scalar as text; Prometheus's own decoder types scalars by their field, too. */
export function parseYaml(yaml: string, path: string): unknown {
  const document = parseDocument(yaml, { schema: "failsafe", merge: true });
  const problem: YamlProblem | undefined =
    document.errors[0] ?? document.warnings[0] ?? binaryTag(document);
  if (problem !== undefined) {
    const at = problem.linePos?.[0];
    const where = at ? `:${at.line}:${at.col}` : "";
    throw new NarthexError("bad_data", `read ${path}${where}: ${problem.message}`);
  }
  return document.toJS() ?? "";
}

/** Bytes that are no text are a tag of their own in YAML, and nothing here takes them. */
function binaryTag(document: ReturnType<typeof parseDocument>): YamlProblem | undefined {
  let found: YamlProblem | undefined;
  visit(document, {
    Scalar: (_, node) => {
      if (node.tag === "tag:yaml.org,2002:binary") found = { message: "binary data is no text" };
    },
  });
  return found;
}

interface YamlProblem {
  readonly message: string;
  readonly linePos?: readonly { readonly line: number; readonly col: number }[];
}

function checked<T extends z.ZodType>(schema: T, tree: unknown, path: string): z.infer<T> {
  const result = schema.safeParse(tree);
  if (!result.success) throw invalid(path, describeProblems(result.error.issues, schema));
  return result.data;
}

function invalid(path: string, problems: readonly string[]): NarthexError {
  return new NarthexError("bad_data", `invalid ${path}:\n  ${problems.join("\n  ")}`);
}

async function scrapeFiles(patterns: readonly string[], dir: string): Promise<FoundScrape[]> {
  const out: FoundScrape[] = [];
  for (const pattern of patterns) {
    for (const path of await matchingFiles(inDir(dir, pattern))) {
      const yaml = await readFile(path, "utf8").catch((error: unknown) => {
        throw new NarthexError("bad_data", `read ${path}: ${messageOf(error)}`, { cause: error });
      });
      const raw = checked(scrapeFileSchema, parseYaml(yaml, path), path);
      for (const [i, scrape] of (raw.scrape_configs ?? []).entries()) {
        out.push({ raw: scrape, where: `${path}: scrape_configs.${i}` });
      }
    }
  }
  return out;
}

/** The files that `pattern` names, in order; `*` may stand in its last part. A path without one
 * is itself, there or not. */
export async function matchingFiles(pattern: string): Promise<string[]> {
  const dir = dirname(pattern);
  const name = basename(pattern);
  if (dir.includes("*")) {
    throw new NarthexError("bad_data", `path ${pattern}: * is for the last part only`);
  }
  if (!name.includes("*")) return [pattern];
  const parts = name.split("*");
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [] as string[];
    throw error;
  });
  return names
    .filter((file) => matchesParts(file, parts))
    .sort()
    .map((file) => join(dir, file));
}

/** True if `name` is the parts in their order with anything between them. */
function matchesParts(name: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  const last = parts[parts.length - 1]!;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

function externalLabels(
  global: NonNullable<RawConfig["global"]>,
  env: Environment,
  out: { problems: string[]; warnings: string[] },
): Labels {
  const legacy = global.metric_name_validation_scheme === "legacy";
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(global.external_labels ?? {})) {
    if (name === "" || (legacy && !isLegacyLabelName(name))) {
      out.problems.push(`global.external_labels: "${name}" is not a valid label name`);
    }
    labels[name] = expandEnv(value, env, (missing) => {
      out.warnings.push(
        `global.external_labels.${name}: environment variable ${missing} is not set`,
      );
    });
  }
  return labelsFromObject(labels);
}

/** `${NAME}` and `$NAME` from the environment; `$$` is a dollar sign. */
export function expandEnv(
  value: string,
  env: Environment,
  onMissing: (name: string) => void = () => undefined,
): string {
  return value.replace(/\$(?:\$|\{([^}]*)\}|([A-Za-z_]\w*))/g, (whole, braced, bare) => {
    if (whole === "$$") return "$";
    const name = String(braced ?? bare);
    const found = env[name];
    if (found === undefined) onMissing(name);
    return found ?? "";
  });
}

function duplicates(
  scrapes: readonly FoundScrape[],
  remotes: readonly RemoteWriteConfig[],
): string[] {
  const problems: string[] = [];
  const jobs = new Set<string>();
  for (const { raw, where } of scrapes) {
    if (jobs.has(raw.job_name)) {
      problems.push(`${where}.job_name: more than one scrape config is named "${raw.job_name}"`);
    }
    jobs.add(raw.job_name);
  }
  const names = new Set<string>();
  for (const [i, { name }] of remotes.entries()) {
    if (names.has(name)) {
      problems.push(`remote_write.${i}.name: more than one remote write is named "${name}"`);
    }
    names.add(name);
  }
  return problems;
}
