import { type Matcher, METRIC_NAME } from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import { keep, keyOf, type Metric, type Sample, TwinError, withLabel } from "./model.ts";

const IDENTIFYING = ["instance", "job"];

/** `info`: labels of the info series with the same `instance` and `job`. */
export function addInfo(
  samples: readonly Sample[],
  options: {
    readonly selector: { readonly matchers: readonly Matcher[] } | undefined;
    readonly infosOf: (matchers: readonly Matcher[]) => (Sample & { readonly timeMs: number })[];
  },
): Sample[] {
  const matchers = options.selector?.matchers ?? [];
  const names = nameMatchers(matchers.filter(({ name }) => name === METRIC_NAME));
  const wanted = matchers.filter(({ name }) => name !== METRIC_NAME);
  const isInfo = ({ metric }: Sample): boolean =>
    names.every((matcher) => matcher.matches(metric.get(METRIC_NAME) ?? ""));
  // Nothing is looked up, nor found to be wrong, if there is nobody to look it up for.
  const targets = samples.filter((sample) => !isInfo(sample) && isIdentified(sample));
  const infos = targets.length === 0 ? [] : newest(options.infosOf([...names, ...wanted]), targets);
  return samples.flatMap((sample) => {
    if (isInfo(sample)) return [sample];
    const id = keyOf(keep(sample.metric, IDENTIFYING));
    const own = infos.filter(({ metric }) => keyOf(keep(metric, IDENTIFYING)) === id);
    if (own.length === 0) return wanted.every((matcher) => matcher.matches("")) ? [sample] : [];
    return [{ ...sample, metric: enriched(sample.metric, own, wanted) }];
  });
}

function nameMatchers(given: readonly Matcher[]): Matcher[] {
  if (given.length === 0) return [newMatcher("=", METRIC_NAME, "target_info")];
  const positive = given.some(({ type }) => type === "=" || type === "=~");
  return positive ? [...given] : [newMatcher("=~", METRIC_NAME, ".+_info"), ...given];
}

const isIdentified = ({ metric }: Sample): boolean => IDENTIFYING.some((name) => metric.has(name));

/** Of the info series of one name and target the one with the newest sample. */
function newest(
  all: (Sample & { readonly timeMs: number })[],
  targets: readonly Sample[],
): Sample[] {
  const infos = all.filter(({ metric }) =>
    IDENTIFYING.every((name) => {
      const values = targets.map((target) => target.metric.get(name) ?? "").filter((v) => v !== "");
      return values.length === 0 || values.includes(metric.get(name) ?? "");
    }),
  );
  if (infos.some(({ value }) => typeof value !== "number")) {
    throw new TwinError("info sample should be float");
  }
  const out = new Map<string, Sample & { readonly timeMs: number }>();
  for (const info of infos) {
    const key = keyOf(keep(info.metric, [...IDENTIFYING, METRIC_NAME]));
    const known = out.get(key);
    if (known?.timeMs === info.timeMs)
      throw new TwinError("found duplicate series for info metric");
    if (known === undefined || known.timeMs < info.timeMs) out.set(key, info);
  }
  return [...out.values()];
}

function enriched(base: Metric, infos: readonly Sample[], wanted: readonly Matcher[]): Metric {
  const added = new Map<string, string>();
  for (const { metric } of infos) {
    for (const [name, value] of metric) {
      if (name === METRIC_NAME) continue;
      if (wanted.length > 0 && !wanted.some((matcher) => matcher.name === name)) continue;
      const known = added.get(name);
      if (known !== undefined && known !== value) throw new TwinError(`conflicting label: ${name}`);
      if (!base.has(name)) added.set(name, value);
    }
  }
  let out = base;
  for (const [name, value] of added) out = withLabel(out, name, value);
  return out;
}
