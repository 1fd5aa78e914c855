import { NarthexError } from "#pkg/errs/mod.ts";
import {
  formatSeries,
  isLegacyLabelName,
  isLegacyMetricName,
  type Labels,
  labelsFromPairs,
  labelValue,
  METRIC_NAME,
} from "#pkg/labels/mod.ts";
import { LabelSet, type Relabeller } from "#pkg/relabel/mod.ts";
import { canonicalLabelBytes } from "#pkg/remotewrite/mod.ts";
import type { ScrapeConfig } from "../config/scrape-config.ts";

/** What labels a series gets that a target exposes. */
export class SampleLabels {
  readonly #target: Labels;
  readonly #config: ScrapeConfig;
  readonly #relabeller: Relabeller;

  constructor(target: Labels, config: ScrapeConfig, relabeller: Relabeller) {
    this.#target = target;
    this.#config = config;
    this.#relabeller = relabeller;
  }

  /**
   * The final label bytes of a series exposed with `labels`: target labels added, metric
   * relabelling applied. Undefined where relabelling drops it; `bad_data`, which fails the scrape,
   * where the labels are not valid or exceed a limit.
   */
  bytesOf(labels: Labels): Uint8Array | undefined {
    const set = new LabelSet(labels);
    if (this.#config.honorLabels) this.#addMissing(set);
    else this.#override(set);
    if (!this.#relabeller.apply(set)) return undefined;
    const final = set.labels();
    if (final.length === 0) return undefined;
    this.#check(final);
    return canonicalLabelBytes(final);
  }

  /** The label bytes of a series about the scrape itself. */
  reportBytes(name: string): Uint8Array {
    const pairs: [string, string][] = [[METRIC_NAME, name]];
    for (let i = 0; i < this.#target.length; i += 2) {
      pairs.push([this.#target[i]!, this.#target[i + 1]!]);
    }
    return canonicalLabelBytes(labelsFromPairs(pairs));
  }

  #addMissing(set: LabelSet): void {
    for (let i = 0; i < this.#target.length; i += 2) {
      const name = this.#target[i]!;
      if (set.get(name) === "") set.set(name, this.#target[i + 1]!);
    }
  }

  /** Target labels win; what the target says under their names moves to `exported_…`. */
  #override(set: LabelSet): void {
    const conflicts: [string, string][] = [];
    for (let i = 0; i < this.#target.length; i += 2) {
      const name = this.#target[i]!;
      const exposed = set.get(name);
      if (exposed !== "") conflicts.push([name, exposed]);
      set.set(name, this.#target[i + 1]!);
    }
    // Shorter names first, so that `exported_job` makes room for what was `job`.
    conflicts.sort((a, b) => a[0].length - b[0].length);
    for (const [name, value] of conflicts) {
      let free = `exported_${name}`;
      while (set.get(free) !== "") free = `exported_${free}`;
      set.set(free, value);
    }
  }

  #check(labels: Labels): void {
    const name = labelValue(labels, METRIC_NAME);
    const { utf8Names, labelLimit, labelNameLengthLimit, labelValueLengthLimit } = this.#config;
    if (name === "") throw new NarthexError("bad_data", `${formatSeries(labels)}: no metric name`);
    if (labelLimit > 0 && labels.length / 2 > labelLimit) {
      throw new NarthexError(
        "bad_data",
        `${formatSeries(labels)}: ${labels.length / 2} labels, label_limit is ${labelLimit}`,
      );
    }
    for (let i = 0; i < labels.length; i += 2) {
      const label = labels[i]!;
      const legacy = label === METRIC_NAME ? isLegacyMetricName(name) : isLegacyLabelName(label);
      if (!utf8Names && !legacy) {
        throw new NarthexError("bad_data", `${formatSeries(labels)}: invalid name "${label}"`);
      }
      checkLength(label, labelNameLengthLimit, "label_name_length_limit", labels);
      checkLength(labels[i + 1]!, labelValueLengthLimit, "label_value_length_limit", labels);
    }
  }
}

function checkLength(text: string, limit: number, name: string, labels: Labels): void {
  if (limit === 0) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) {
    throw new NarthexError(
      "bad_data",
      `${formatSeries(labels)}: "${text.slice(0, 50)}" has ${bytes} bytes, ${name} is ${limit}`,
    );
  }
}
