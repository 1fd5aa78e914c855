import { Pacer } from "#pkg/async/mod.ts";
import type { Matcher } from "#pkg/labels/mod.ts";
import type { PostingsRange, PostingsTable } from "./offset-table.ts";

/**
 * Which postings lists answer a selection: the intersection of the unions in `include` (of all
 * series, where it is undefined), without the lists in `exclude`.
 */
export interface PostingsPlan {
  readonly include: readonly (readonly PostingsRange[])[] | undefined;
  readonly exclude: readonly PostingsRange[];
}

/**
 * The lists that `matchers` need, or undefined where nothing can match. A matcher that the empty
 * string satisfies also selects series without the label, so it is turned round: the lists of the
 * values that it does not match are taken away. Source: Prometheus tsdb PostingsForMatchers.
 */
export async function planPostings(
  table: PostingsTable,
  matchers: readonly Matcher[],
): Promise<PostingsPlan | undefined> {
  const mustBeSet = new Set<string>();
  for (const matcher of matchers) if (!matcher.matches("")) mustBeSet.add(matcher.name);
  const include: PostingsRange[][] = [];
  const exclude: PostingsRange[] = [];
  for (const matcher of matchers) {
    if (matcher.matches("") && (!mustBeSet.has(matcher.name) || isNegative(matcher))) {
      for (const range of await rangesNotMatching(table, matcher)) exclude.push(range);
      continue;
    }
    const ranges = await rangesMatching(table, matcher);
    if (ranges.length === 0) return undefined;
    include.push(ranges);
  }
  if (mustBeSet.size === 0) return { include: undefined, exclude };
  return { include, exclude };
}

function isNegative(matcher: Matcher): boolean {
  return matcher.type === "!=" || matcher.type === "!~";
}

async function rangesMatching(table: PostingsTable, matcher: Matcher): Promise<PostingsRange[]> {
  if (matcher.type === "=") return lookups(table, matcher.name, [matcher.value]);
  if (matcher.type === "=~") return patternRanges(table, matcher);
  return scan(table, matcher.name, "", (value) => matcher.matches(value));
}

async function rangesNotMatching(table: PostingsTable, matcher: Matcher): Promise<PostingsRange[]> {
  if (matcher.type === "!=") return lookups(table, matcher.name, [matcher.value]);
  if (matcher.type === "!~") return patternRanges(table, matcher);
  return scan(table, matcher.name, "", (value) => !matcher.matches(value));
}

/** The lists of the values that the pattern of `matcher` matches, whichever way it is asked. */
async function patternRanges(table: PostingsTable, matcher: Matcher): Promise<PostingsRange[]> {
  const pattern = matcher.pattern!;
  if (pattern.setMatches) return lookups(table, matcher.name, pattern.setMatches);
  if (matcher.value === ".+" || matcher.value === ".*") {
    return scan(table, matcher.name, "", undefined);
  }
  return scan(table, matcher.name, pattern.prefix, (value) => pattern.matches(value));
}

function lookups(table: PostingsTable, name: string, values: readonly string[]): PostingsRange[] {
  const out: PostingsRange[] = [];
  for (const value of new Set(values)) {
    const range = value === "" ? undefined : table.lookup(name, value);
    if (range) out.push(range);
  }
  return out;
}

async function scan(
  table: PostingsTable,
  name: string,
  prefix: string,
  accepts: ((value: string) => boolean) | undefined,
): Promise<PostingsRange[]> {
  const out: PostingsRange[] = [];
  const pacer = new Pacer();
  const cursor = table.values(name, prefix);
  while (cursor.next()) {
    if (!cursor.isEmpty && (!accepts || accepts(cursor.value))) out.push(cursor.range);
    if (pacer.due()) await pacer.yield();
  }
  return out;
}
