import type { SourceFile } from "./layers.ts";

/** Something that has one home in the project. */
interface Ban {
  readonly pattern: RegExp;
  /** Paths (folders end in a slash) that may do it. */
  readonly homes: readonly string[];
  /** What to use instead. */
  readonly instead: string;
}

const BANS: readonly Ban[] = [
  {
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)/,
    homes: ["pkg/clock/"],
    instead: "take a Clock of #pkg/clock/mod.ts and call now(), so that tests decide the time",
  },
  {
    pattern: /\bsetInterval\b/,
    homes: ["pkg/clock/"],
    instead: "loop over sleep() of #pkg/async/mod.ts with a signal, so that runs never overlap",
  },
  {
    pattern: /\bMath\.random\b/,
    homes: ["pkg/prng/"],
    instead: "take a Random of #pkg/prng/mod.ts, so that tests can repeat it",
  },
  {
    pattern: /\bprocess\.env\b/,
    homes: ["cmd/"],
    instead: "add a key to pkg/config/schema.ts; only programs under cmd/ read the environment",
  },
  {
    pattern: /\bRegExp\s*\(/,
    // The pattern there is put together from constants.
    homes: ["pkg/re2/", "pkg/promql/syntax/series-description.ts"],
    instead: "write a literal, or compile a user's pattern with #pkg/re2/mod.ts, in linear time",
  },
  {
    pattern: /\b(?:writeFile|appendFile|createWriteStream)(?:Sync)?\b/,
    // Those outside fsutil write to temporary files that they sync and rename themselves.
    homes: ["pkg/fsutil/", "pkg/wlog/", "pkg/tsdb/checkpoint.ts", "pkg/objstore/filesystem.ts"],
    instead: "use atomicWrite of #pkg/fsutil/mod.ts, so that a crash leaves no half-written file",
  },
];

/** Every use of something banned outside its home, one sentence each. Tests may do anything. */
export function banViolations(files: readonly SourceFile[]): string[] {
  const problems: string[] = [];
  for (const { path, text } of files) {
    if (path.endsWith(".test.ts")) continue;
    const bans = BANS.filter(({ homes }) => !homes.some((home) => isAt(path, home)));
    for (const [i, line] of text.split("\n").entries()) {
      if (isComment(line)) continue;
      for (const { pattern, instead } of bans) {
        const found = pattern.exec(line);
        if (found) problems.push(`${path}:${i + 1}: ${found[0].trim()}: ${instead}`);
      }
    }
  }
  return problems;
}

function isAt(path: string, home: string): boolean {
  return home.endsWith("/") ? path.startsWith(home) : path === home;
}

function isComment(line: string): boolean {
  return /^\s*(?:\/\/|\/?\*)/.test(line);
}
