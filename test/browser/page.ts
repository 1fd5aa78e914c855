/**
 * What a page does in a browser: runs the scripts that the server names, with the engine and the
 * runner that Node uses, and the library as a page would load it; then it reports.
 */
import { runScript, type ScriptResult } from "../promqltest/runner.ts";

/** What the page tells the test. */
export interface PageReport {
  readonly userAgent: string;
  readonly scripts: Readonly<Record<string, ScriptResult>>;
  /** What the library's own bundle answered. */
  readonly library: readonly number[];
  readonly printed: string;
  readonly error?: string;
}

/** The parts of the library that the page uses, as the bundle exports them. */
type Library = typeof import("../../pkg/promql/library.ts");

async function report(): Promise<PageReport> {
  const names = (await (await fetch("/scripts")).json()) as readonly string[];
  const scripts: Record<string, ScriptResult> = {};
  for (const name of names) {
    scripts[name] = await runScript(await (await fetch(`/scripts/${name}`)).text());
  }
  const path = "/promql.js";
  const { Engine, formatExpr, parseExpr, SeriesList }: Library = await import(path);
  const samples = Array.from({ length: 11 }, (_, i) => [i * 60_000, i * 60] as const);
  const list = new SeriesList([{ labels: { __name__: "seen_total", job: "page" }, samples }]);
  const query = "sum by(job)(rate(seen_total[5m]))";
  const times = { startMs: 300_000, endMs: 600_000, stepMs: 60_000 };
  const { value } = await new Engine().range(list, query, times, new AbortController().signal);
  return {
    userAgent: navigator.userAgent,
    scripts,
    library: value.type === "matrix" ? [...value.series[0]!.values] : [],
    printed: formatExpr(parseExpr(query)),
  };
}

/** The globals of a page that the types of Node do not know. */
declare const navigator: { readonly userAgent: string };

let body: PageReport;
try {
  body = await report();
} catch (error) {
  const message = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  body = { userAgent: "", scripts: {}, library: [], printed: "", error: message };
}
await fetch("/report", { method: "POST", body: JSON.stringify(body) });
