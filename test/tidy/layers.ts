import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/**
 * The layers of `pkg/`, lowest first. A file imports packages of its own layer or lower ones; a
 * package that is named in no layer is an error, so a new folder is placed on purpose.
 */
export const LAYERS: readonly (readonly string[])[] = [
  [
    "errs",
    "encoding",
    "container",
    "clock",
    "prng",
    "async",
    "telemetry",
    "service",
    "version",
    "fsutil",
  ],
  ["labels", "re2", "model", "histogram", "exemplar", "relabel", "textparse"],
  ["storage", "objstore"],
  ["chunkenc", "chunks", "index", "wlog", "tombstones", "block", "remotewrite", "series-batch"],
  ["tsdb", "promql"],
  ["query-eval"],
  ["query-exec"],
  ["config", "tenant", "limits", "ring", "rpc", "cache"],
  [
    "distributor",
    "ingester",
    "store-gateway",
    "querier",
    "query-frontend",
    "compactor",
    "ruler",
    "alertmanager",
    "agent",
  ],
  ["api", "app", "ui", "tsdb-library"],
];

/** The layer whose packages never import each other: they meet through interfaces. */
const PARTS_LAYER = LAYERS.findIndex((names) => names.includes("distributor"));
/** These two engines do not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["tsdb", "promql"],
  ["promql", "tsdb"],
];
/** External libraries and the only packages that may import them. */
const ADAPTERS: Readonly<Record<string, readonly string[]>> = {
  minio: ["objstore"],
  ioredis: ["cache", "ring"],
  hashring: ["ring"],
  "@grpc/grpc-js": ["rpc"],
  fastify: ["api"],
};

export interface SourceFile {
  /** Path relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript source under `cmd/` and `pkg/` of `root`, generated code left out. */
export function readSources(root: string): SourceFile[] {
  const out: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "gen" && entry.name !== "node_modules") walk(path);
      } else if (entry.name.endsWith(".ts")) {
        out.push({
          path: relative(root, path).replaceAll("\\", "/"),
          text: readFileSync(path, "utf8"),
        });
      }
    }
  };
  for (const top of ["cmd", "pkg"]) walk(resolve(root, top));
  return out;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;"']*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!);
}

function packageOf(path: string): string | undefined {
  return /^pkg\/([^/]+)\//.exec(path)?.[1];
}

/** Every import that breaks the layering, one sentence each. */
export function layerViolations(files: readonly SourceFile[]): string[] {
  const problems: string[] = [];
  const layerOf = new Map(LAYERS.flatMap((names, layer) => names.map((name) => [name, layer])));
  for (const file of files) {
    const own = packageOf(file.path);
    const isTest = file.path.endsWith(".test.ts");
    if (own !== undefined && !layerOf.has(own)) {
      problems.push(`${file.path}: package ${own} is in no layer of test/tidy/layers.ts`);
      continue;
    }
    const layer = own === undefined ? LAYERS.length : (layerOf.get(own) as number);
    for (const specifier of importsOf(file.text)) {
      const external = specifier.startsWith("@")
        ? specifier.split("/").slice(0, 2).join("/")
        : specifier.split("/")[0]!;
      const homes = ADAPTERS[external];
      if (homes && (own === undefined || !homes.includes(own)) && !isTest) {
        problems.push(`${file.path}: only ${homes.join(", ")} may import ${external}`);
      }
      if (own !== undefined && specifier.startsWith("../")) {
        const target = resolve("/", file.path, "..", specifier);
        // Tests may use the helpers and fixtures of the project's own test folder.
        const helper = isTest && target.startsWith("/test/");
        if (!target.startsWith(`/pkg/${own}/`) && !helper) {
          problems.push(
            `${file.path}: imports ${specifier}; another package is #pkg/<name>/mod.ts`,
          );
        }
      }
      const match = /^#pkg\/([^/]+)\/(.+)$/.exec(specifier);
      if (!match) continue;
      const [, target, door] = match as unknown as [string, string, string];
      if (door !== "mod.ts" && target !== own && !isTest) {
        problems.push(`${file.path}: ${specifier} goes past the door of ${target} (mod.ts)`);
      }
      const targetLayer = layerOf.get(target);
      if (targetLayer === undefined) {
        problems.push(`${file.path}: package ${target} is in no layer of test/tidy/layers.ts`);
      } else if (target !== own && !isTest) {
        if (targetLayer > layer) {
          problems.push(`${file.path}: ${own} (layer ${layer}) imports ${target} (${targetLayer})`);
        } else if (targetLayer === layer && layer === PARTS_LAYER) {
          problems.push(`${file.path}: part ${own} imports part ${target}`);
        } else if (STRANGERS.some(([a, b]) => a === own && b === target)) {
          problems.push(`${file.path}: ${own} and ${target} do not know each other`);
        }
      }
    }
  }
  return problems;
}
