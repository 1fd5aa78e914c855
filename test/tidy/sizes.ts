import type { SourceFile } from "./layers.ts";

const LINES_MAX = 500;
const TEST_LINES_MAX = 800;

/** Files that are longer than one idea should be, one sentence each. */
export function sizeViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const limit = path.endsWith(".test.ts") ? TEST_LINES_MAX : LINES_MAX;
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (lines <= limit) return [];
    return [`${path}: ${lines} lines, want at most ${limit}: split it by verb or by idea`];
  });
}
