// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of label_replace
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { compilePattern, compileRe2, newMatcher, PatternCache } from "./mod.ts";

/** The plain twin: the automaton on the pattern as Prometheus anchors it. */
function plain(pattern: string, value: string): boolean {
  return RE2JS.compile(`^(?s:${pattern})$`).matcher(value).find();
}

test("compilePattern matches as the automaton does, on patterns with a fast path and others", () => {
  const atom = fc.constantFrom("a", "b", "foo", "\\.", ".*", ".+", "é", "\u{1F600}", "\n", ".*?");
  const other = fc.constantFrom(
    ".",
    "[ab]",
    "a?",
    "b*",
    "(a|b)+",
    "a{2}",
    "^",
    "$",
    "\\d",
    "x|y",
    "[a-cK]",
    "[b]?",
    "(ab|c)??",
  );
  const pattern = fc.letrec<{ p: string }>((tie) => ({
    p: fc.oneof(
      { maxDepth: 3 },
      fc.array(atom, { maxLength: 4 }).map((parts) => parts.join("")),
      fc.array(fc.oneof(atom, other), { maxLength: 3 }).map((parts) => parts.join("")),
      fc.tuple(tie("p"), tie("p")).map(([a, b]) => `${a}|${b}`),
      fc.tuple(tie("p"), tie("p")).map(([a, b]) => `(${a})(?:${b})`),
      tie("p").map((a) => (a.startsWith("(?i)") ? a : `(?i)${a}`)),
    ),
  })).p;
  const value = fc
    .array(
      fc.constantFrom("a", "b", "A", "foo", "FOO", ".", "é", "É", "\u{1F600}", "\n", "K", "k"),
      {
        maxLength: 6,
      },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, fc.array(value, { minLength: 1, maxLength: 8 }), (text, values) => {
      let want: boolean[];
      try {
        want = values.map((v) => plain(text, v));
      } catch {
        return;
      }
      const compiled = compilePattern(text);
      expect(values.map((v) => compiled.matches(v))).toEqual(want);
      for (const v of values)
        if (compiled.matches(v)) expect(v.startsWith(compiled.prefix)).toBe(true);
      if (compiled.setMatches)
        for (const v of compiled.setMatches) expect(plain(text, v)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("compilePattern knows the sets and prefixes that an index can use", () => {
  expect(compilePattern("a|b|(c|d)e").setMatches).toEqual(["a", "b", "ce", "de"]);
  expect(compilePattern("foo").setMatches).toEqual(["foo"]);
  expect(compilePattern("").setMatches).toEqual([""]);
  expect(compilePattern("foo.*").prefix).toBe("foo");
  expect(compilePattern("foo.*").setMatches).toBeUndefined();
  expect(compilePattern("foobar|foobaz.+").prefix).toBe("fooba");
  expect(compilePattern("(?i)foo").setMatches).toBeUndefined();
});

test("compilePattern stays linear where backtracking would not", () => {
  const value = `${"a".repeat(50_000)}!`;
  expect(compilePattern("(a+)+").matches(value)).toBe(false);
  expect(compilePattern("(a|aa)+$").matches(value)).toBe(false);
});

test("compilePattern refuses invalid and oversized patterns with RE2's text", () => {
  const f = (pattern: string, want: string) =>
    expect(() => compilePattern(pattern)).toThrow(
      expect.objectContaining({ code: "bad_data", message: want }),
    );
  f("a(b", "error parsing regexp: missing closing ): `a(b`");
  f("*", "error parsing regexp: missing argument to repetition operator: `*`");
  f("a)(b", "error parsing regexp: unexpected ): `a)(b`");
  expect(() => compilePattern("a".repeat(100_001))).toThrow(/limit 100000/);
});

test("newMatcher treats a missing label as the empty string", () => {
  const f = (type: "=" | "!=" | "=~" | "!~", value: string, label: string, want: boolean) =>
    expect(newMatcher(type, "l", value).matches(label)).toBe(want);
  f("=", "", "", true);
  f("!=", "x", "", true);
  f("=~", ".*", "", true);
  f("=~", ".+", "", false);
  f("!~", ".+", "", true);
  f("=~", "a.c", "a\nc", true);
  f("=~", "b", "abc", false);
});

test("PatternCache forgets the least recently used pattern", () => {
  const cache = new PatternCache(2);
  const a = cache.compile("a.");
  cache.compile("b.");
  expect(cache.compile("a.")).toBe(a);
  cache.compile("c.");
  expect(cache.size).toBe(2);
  expect(cache.compile("a.")).toBe(a);
});

test("Re2.replace expands templates as Go does", () => {
  const f = (pattern: string, value: string, template: string, want: string | undefined) =>
    expect(compileRe2(pattern).replace(value, template)).toBe(want);
  f("(.*)-(.*)", "a-b", "$2/${1}x$$", "b/ax$");
  f("(.*)-(.*)", "a-b", "$1x", "");
  f("(?P<name>.+)", "v", "${name}:$name-$none", "v:v-");
  f("(.*)", "v", "$", "$");
  f("(.*)", "v", "${1", "${1");
  f("(.*)", "v", "$-$01", "$-");
  f("x", "y", "$0", undefined);
  f("(a)|(b)", "b", "[$1][$2]", "[][b]");
  f(".*", "line\nbreak", "$0", "line\nbreak");
});
