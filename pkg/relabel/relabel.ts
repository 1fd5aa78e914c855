import { createHash } from "node:crypto";
import { NarthexError, unreachable } from "#pkg/errs/mod.ts";
import { compareBytes, type Labels } from "#pkg/labels/mod.ts";
import { compileRe2, expandTemplate, type Re2 } from "#pkg/re2/mod.ts";
import { type RelabelConfig, validateRelabel } from "./config.ts";

/** A label set that rules work on. An empty value is no label, as everywhere. */
export class LabelSet {
  readonly #map = new Map<string, string>();

  constructor(labels: Labels = []) {
    for (let i = 0; i < labels.length; i += 2) this.set(labels[i]!, labels[i + 1]!);
  }

  /** The value of `name`, `""` where there is none. */
  get(name: string): string {
    return this.#map.get(name) ?? "";
  }

  set(name: string, value: string): void {
    if (value === "") this.#map.delete(name);
    else this.#map.set(name, value);
  }

  /** A copy of the names, so that the set may change while one walks it. */
  names(): string[] {
    return [...this.#map.keys()];
  }

  /** Owned sorted labels. */
  labels(): Labels {
    const out: string[] = [];
    for (const name of this.names().sort(compareBytes)) out.push(name, this.#map.get(name)!);
    return out;
  }
}

interface Rule {
  readonly config: RelabelConfig;
  readonly regex: Re2;
}

/** A list of relabelling rules, compiled. */
export class Relabeller {
  readonly #rules: readonly Rule[];

  /** Rules that are not valid raise `bad_data`. */
  constructor(configs: readonly RelabelConfig[]) {
    this.#rules = configs.map((config, i) => {
      const problem = validateRelabel(config);
      if (problem !== undefined) {
        throw new NarthexError("bad_data", `relabel rule ${i}: ${problem}`);
      }
      return { config, regex: compileRe2(config.regex) };
    });
  }

  /** How many rules there are. */
  get size(): number {
    return this.#rules.length;
  }

  /** Applies the rules in their order; false if one of them drops the set, which is then half
   * changed. */
  apply(labels: LabelSet): boolean {
    for (const rule of this.#rules) if (!applyRule(rule, labels)) return false;
    return true;
  }
}

/** One rule; false if it drops the set. */
function applyRule({ config, regex }: Rule, labels: LabelSet): boolean {
  const value = config.sourceLabels.map((name) => labels.get(name)).join(config.separator);
  switch (config.action) {
    case "keep":
      return regex.matches(value);
    case "drop":
      return !regex.matches(value);
    case "keepequal":
      return labels.get(config.targetLabel) === value;
    case "dropequal":
      return labels.get(config.targetLabel) !== value;
    case "replace":
      replace(config, regex, { labels, value });
      return true;
    case "lowercase":
      labels.set(config.targetLabel, mapRunes(value, lower));
      return true;
    case "uppercase":
      labels.set(config.targetLabel, mapRunes(value, upper));
      return true;
    case "hashmod":
      labels.set(config.targetLabel, String(hashmod(value, config.modulus)));
      return true;
    case "labelmap":
      mapLabels(config, regex, labels);
      return true;
    case "labeldrop":
      for (const name of labels.names()) if (regex.matches(name)) labels.set(name, "");
      return true;
    case "labelkeep":
      for (const name of labels.names()) if (!regex.matches(name)) labels.set(name, "");
      return true;
    default:
      return unreachable(config.action);
  }
}

function replace(
  config: RelabelConfig,
  regex: Re2,
  { labels, value }: { labels: LabelSet; value: string },
): void {
  const match = regex.match(value);
  if (match === undefined) return;
  const target = expandTemplate(config.targetLabel, match);
  if (target !== "") labels.set(target, expandTemplate(config.replacement, match));
}

/** Reads the labels as they were before the rule. */
function mapLabels(config: RelabelConfig, regex: Re2, labels: LabelSet): void {
  const found = labels.names().map((name) => [name, labels.get(name)] as const);
  for (const [name, value] of found) {
    const target = regex.replace(name, config.replacement);
    if (target !== undefined && target !== "") labels.set(target, value);
  }
}

/** The last 8 bytes of the MD5 of `value` as a big-endian integer, modulo `modulus`. */
function hashmod(value: string, modulus: number): number {
  const digest = createHash("md5").update(value, "utf8").digest();
  let rest = 0;
  for (let i = 8; i < 16; i++) rest = (rest * 256 + digest[i]!) % modulus;
  return rest;
}

/** Maps each code point alone, as Go does: `ß` has no capital, a final sigma is like any other. */
function mapRunes(text: string, map: (rune: string) => string): string {
  let out = "";
  for (const rune of text) {
    const mapped = map(rune);
    out += String.fromCodePoint(mapped.codePointAt(0)!) === mapped ? mapped : rune;
  }
  return out;
}

function lower(rune: string): string {
  return rune === "\u0130" ? "i" : rune.toLowerCase();
}

function upper(rune: string): string {
  return rune.toUpperCase();
}
