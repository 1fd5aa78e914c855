import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { compilePattern } from "./mod.ts";
import { hostileValues, REDOS_PATTERNS } from "./redos-patterns.ts";

test("compilePattern agrees with the library on patterns and values that are hostile", () => {
  const values = [
    ...hostileValues(60, 40),
    ...hostileValues(15, 300),
    "",
    "a",
    "\u{1F600}a".repeat(9),
  ];
  for (const pattern of REDOS_PATTERNS) {
    const compiled = compilePattern(pattern);
    const library = RE2JS.compile(`^(?s:${pattern})$`);
    for (const value of values) {
      expect(compiled.matches(value), `${pattern} on ${value}`).toBe(library.matcher(value).find());
    }
  }
});

test("compilePattern's matchers take long values, and many of them, in linear time", () => {
  // A quarter of a million characters per value: quadratic time would not end before the test's.
  const values = ["a", "ab", "a ", "1.", "x", "/*"].map((unit) => `${unit.repeat(125_000)}!`);
  for (const pattern of REDOS_PATTERNS) {
    const compiled = compilePattern(pattern);
    for (const value of values) expect(typeof compiled.matches(value)).toBe("boolean");
  }
});

/** Patterns that both RE2 and JavaScript read the same way. */
const pattern: fc.Arbitrary<string> = fc.letrec<{ p: string }>((tie) => ({
  p: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("a", "b", "K", "s", "é", "\u{1F600}", ".", "[ab]", "[^b]", "\\d", "[a-k]", ""),
    fc.tuple(tie("p"), tie("p")).map(([a, b]) => a + b),
    fc.tuple(tie("p"), tie("p")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("p"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "*?"))
      .map(([a, times]) => `(${a})${times}`),
  ),
})).p;
const text = fc
  .array(
    fc.constantFrom("a", "b", "k", "K", "\u212a", "s", "\u017f", "é", "É", "\u{1F600}", "\n", "7"),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(""));

test("compilePattern agrees with JavaScript's RegExp on what both mean alike", () => {
  fc.assert(
    fc.property(pattern, fc.boolean(), fc.array(text, { minLength: 5 }), (source, fold, texts) => {
      const compiled = compilePattern(fold ? `(?i)${source}` : source);
      const oracle = new RegExp(`^(?:${source})$`, fold ? "isu" : "su");
      for (const one of texts) expect(compiled.matches(one)).toBe(oracle.test(one));
    }),
    { numRuns: 1000 },
  );
});

test("compilePattern agrees with the library on conditions, flags and classes of Unicode", () => {
  const atom = fc.constantFrom(
    ...[
      "^",
      "$",
      "\\b",
      "\\B",
      "(?m:^)",
      "(?m:$)",
      "\\A",
      "\\z",
      "\\pL",
      "\\PL",
      "[[:upper:]]",
      "(?i:k)",
    ],
    ...[
      "(?-s:.)",
      ".",
      "(a|k)*",
      "\\s",
      "[^\\W7]+",
      "(?:^a|b$)*",
      "(?:.*)",
      "\n",
      "\\x{1F600}",
      "(?U:a*)",
    ],
  );
  const joined = fc.array(fc.tuple(atom, fc.constantFrom("", "", "|")), { maxLength: 6 });
  fc.assert(
    fc.property(joined, fc.array(text, { minLength: 5 }), (parts, texts) => {
      const source = parts.map(([one, or]) => one + or).join("");
      const compiled = compilePattern(source);
      const library = RE2JS.compile(`^(?s:${source})$`);
      for (const one of texts) {
        expect(compiled.matches(one)).toBe(library.matcher(one).find());
        if (compiled.matches(one)) expect(one.startsWith(compiled.prefix)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

test("compilePattern's automaton agrees with the library when its memory is full", () => {
  let state = 7;
  const bit = (): string => ((state = Math.imul(state, 1103515245) + 12345) & 0x10000 ? "a" : "b");
  const random = (length: number): string => Array.from({ length }, bit).join("");
  const f = (source: string, want: RegExp, lengths: readonly number[]): void => {
    const compiled = compilePattern(source);
    for (const length of lengths) {
      const value = random(length);
      expect(compiled.matches(value), `${source} on ${length}`).toBe(want.test(value));
    }
  };
  const short = Array.from({ length: 300 }, (_, i) => 20 + i);
  // Forgets its states and goes on; gives up; has too many instructions for bits; looks around.
  f(".*a.{17}", /a.{17}$/, [600_000, 600_001, 600_002, 600_003]);
  f(".*a.{20}", /a.{20}$/, short);
  f(".*a.{40}", /a.{40}$/, short);
  f(".*a.{140}", /a.{140}$/, short);
  f("\\b.*a.{15}\\b", /a.{15}$/, [...short, ...short]);
});

test("compilePattern refuses what would be too large before it costs anything", () => {
  const f = (source: string, want: RegExp): void =>
    expect(() => compilePattern(source)).toThrow(
      expect.objectContaining({ code: "bad_data", message: expect.stringMatching(want) }),
    );
  f("(a{1000}b{1000}){1000}", /invalid repeat count|expression too large/);
  f("a{1001}", /^error parsing regexp: invalid repeat count: `\{1001\}`$/);
  f("a{1000}".repeat(1000), /^error parsing regexp: expression too large: /);
  f("\\pL".repeat(10_000), /^error parsing regexp: expression too large: /);
  f("(".repeat(5000) + ")".repeat(5000), /^error parsing regexp: expression nests too deeply: /);
  f("[".repeat(100_000), /^error parsing regexp: missing closing \]: /);
  expect(compilePattern("[a{1000}()]{5}\\(\\Q{9}\\E").matches("a{1()({9}")).toBe(true);
});

test("compilePattern reads long lists of literals without an automaton", () => {
  const names = Array.from({ length: 9000 }, (_, i) => `pod-${i}`);
  expect(compilePattern(names.join("|")).setMatches).toEqual(names);
  expect(compilePattern("pod-[0-3a]x?").setMatches).toHaveLength(10);
});
