import { describe, expect, it } from "vitest";
import { labelsFromObject } from "#pkg/labels/mod.ts";
import { DEFAULT_RELABEL, type RelabelConfig, validateRelabel } from "./config.ts";
import { LabelSet, Relabeller } from "./relabel.ts";

type Rule = Partial<RelabelConfig>;
const rules = (...list: Rule[]): Relabeller =>
  new Relabeller(list.map((rule) => ({ ...DEFAULT_RELABEL, ...rule })));

function relabelled(labels: Record<string, string>, ...list: Rule[]): unknown {
  const set = new LabelSet(labelsFromObject(labels));
  return rules(...list).apply(set) ? set.labels().join(" ") : "dropped";
}

describe("Relabeller", () => {
  const f = (name: string, labels: Record<string, string>, list: Rule[], want: string): void =>
    it(name, () => expect(relabelled(labels, ...list)).toBe(want));
  const abc = { a: "foo", b: "bar", c: "baz" };

  f(
    "replace joins, matches and expands",
    abc,
    [
      {
        sourceLabels: ["a", "b"],
        regex: "f(.*);(.*)r",
        targetLabel: "d",
        replacement: "$1-$2",
      },
    ],
    "a foo b bar c baz d oo-ba",
  );
  f(
    "replace expands names in braces",
    abc,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of RE2's kind
    [{ sourceLabels: ["a"], targetLabel: "d", replacement: "${1}x$1x" }],
    "a foo b bar c baz d foox",
  );
  f(
    "replace leaves what does not match",
    abc,
    [{ sourceLabels: ["a"], regex: "o", targetLabel: "d" }],
    "a foo b bar c baz",
  );
  f("replace with nothing deletes", abc, [{ targetLabel: "a", replacement: "" }], "b bar c baz");
  f(
    "replace expands the target",
    abc,
    [{ sourceLabels: ["a"], regex: "(f).*", targetLabel: "x_$1", replacement: "y" }],
    "a foo b bar c baz x_f y",
  );
  f(
    "replace expands with named groups",
    abc,
    [{ sourceLabels: ["a"], regex: "(?P<rest>.*)o", targetLabel: "d", replacement: "$rest" }],
    "a foo b bar c baz d fo",
  );
  f(
    "replace to an empty target does nothing",
    abc,
    [{ sourceLabels: ["z"], targetLabel: "$1", replacement: "y" }],
    "a foo b bar c baz",
  );
  f(
    "rules see what rules before them did",
    abc,
    [
      { targetLabel: "a", replacement: "x" },
      { sourceLabels: ["a"], regex: "x", action: "drop" },
    ],
    "dropped",
  );
  f("keep", abc, [{ action: "keep", sourceLabels: ["a"], regex: "no" }], "dropped");
  f("keep is anchored", abc, [{ action: "keep", sourceLabels: ["a"], regex: "o" }], "dropped");
  f(
    "drop passes others",
    abc,
    [{ action: "drop", sourceLabels: ["a"], regex: "f" }],
    "a foo b bar c baz",
  );
  f(
    "keepequal",
    { a: "1", b: "1" },
    [{ action: "keepequal", sourceLabels: ["a"], targetLabel: "b" }],
    "a 1 b 1",
  );
  f(
    "dropequal",
    { a: "1", b: "1" },
    [{ action: "dropequal", sourceLabels: ["a"], targetLabel: "b" }],
    "dropped",
  );
  f(
    "hashmod as Prometheus computes it",
    { c: "baz" },
    [{ action: "hashmod", sourceLabels: ["c"], targetLabel: "d", modulus: 1000 }],
    "c baz d 976",
  );
  f(
    "hashmod over several labels",
    { a: "foo\nbar" },
    [{ action: "hashmod", sourceLabels: ["a"], targetLabel: "b", modulus: 1000 }],
    "a foo\nbar b 734",
  );
  f(
    "labelmap keeps the originals",
    { a: "foo", b1: "bar", b2: "baz" },
    [{ action: "labelmap", regex: "(b.*)", replacement: "bar_$1" }],
    "a foo b1 bar b2 baz bar_b1 bar bar_b2 baz",
  );
  f("labeldrop", { a: "foo", b1: "bar" }, [{ action: "labeldrop", regex: "(b.*)" }], "a foo");
  f("labelkeep", { a: "foo", b1: "bar" }, [{ action: "labelkeep", regex: "(b.*)" }], "b1 bar");
  f(
    "lowercase maps each rune alone",
    { a: "ÄSİΣ" },
    [{ action: "lowercase", sourceLabels: ["a"], targetLabel: "a" }],
    "a äsiσ",
  );
  f(
    "uppercase leaves what has no capital",
    { a: "straße" },
    [{ action: "uppercase", sourceLabels: ["a"], targetLabel: "b" }],
    "a straße b STRAßE",
  );
});

describe("validateRelabel", () => {
  const f = (rule: Rule, want: string | undefined): void =>
    it(JSON.stringify(rule), () => {
      const got = validateRelabel({ ...DEFAULT_RELABEL, ...rule });
      if (want === undefined) expect(got).toBeUndefined();
      else expect(got).toContain(want);
    });
  f({ targetLabel: "a" }, undefined);
  f({}, "requires target_label");
  f({ regex: "abc(def", targetLabel: "a" }, "missing closing )");
  f({ action: "hashmod", targetLabel: "a" }, "modulus");
  f({ action: "hashmod", modulus: 8 }, "requires target_label");
  f({ action: "lowercase", targetLabel: "a", replacement: "x" }, "replacement can not be set");
  f({ action: "keepequal", targetLabel: "a", regex: "x" }, "no other fields");
  f({ action: "labeldrop", regex: "x", separator: "," }, "no other fields");
  f({ action: "labelkeep", regex: "x", sourceLabels: ["a"] }, "no other fields");
  f({ action: "labeldrop", regex: "x" }, undefined);
});
