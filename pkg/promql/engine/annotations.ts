import { formatFloatG } from "#pkg/model/mod.ts";
import { formatPosition, type PositionRange } from "../syntax/position.ts";

interface Note {
  position: PositionRange;
  /** Present for repaired histograms, whose note sums up all repairs. */
  repair: Repair | undefined;
  /** Present for notes that say how often they were made. */
  count: number | undefined;
}

/** What `histogram_quantile` had to change in buckets that were not cumulative. */
export interface Repair {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly minBucket: number;
  readonly maxBucket: number;
  readonly maxDiff: number;
}

/**
 * Warnings and infos about a query, each text once with the last place in the query it is about. The texts
 * are Prometheus's.
 */
export class Annotations {
  readonly #warnings = new Map<string, Note>();
  readonly #infos = new Map<string, Note>();
  readonly #foreign = new Set<string>();

  warn(text: string, position: PositionRange): void {
    note(this.#warnings, text, { position, repair: undefined, count: undefined });
  }

  /** Warns of what is seen `occurrences` times; the warning sums them up. */
  warnCounted(text: string, position: PositionRange, occurrences: number): void {
    const count = (this.#warnings.get(text)?.count ?? 0) + occurrences;
    note(this.#warnings, text, { position, repair: undefined, count });
  }

  info(text: string, position: PositionRange): void {
    note(this.#infos, text, { position, repair: undefined, count: undefined });
  }

  /** Adds a warning of the storage, which has no place in the query. */
  warnPlain(text: string): void {
    this.#foreign.add(text);
  }

  /** Notes repaired histogram buckets. */
  repaired(text: string, position: PositionRange, repair: Repair): void {
    const known = this.#infos.get(text)?.repair;
    const merged = known === undefined ? repair : mergeRepairs(known, repair);
    note(this.#infos, text, { position, repair: merged, count: undefined });
  }

  /** The warnings with their places, sorted. */
  warnings(query: string): string[] {
    return [...this.#foreign, ...render(this.#warnings, "PromQL warning", query)].sort();
  }

  /** The infos with their places, sorted. */
  infos(query: string): string[] {
    return render(this.#infos, "PromQL info", query).sort();
  }
}

/** Keeps the last place in the query, in whichever order its parts are evaluated. */
function note(notes: Map<string, Note>, text: string, made: Note): void {
  const known = notes.get(text);
  const position =
    known && known.position.start > made.position.start ? known.position : made.position;
  notes.set(text, { ...made, position });
}

function render(notes: ReadonlyMap<string, Note>, prefix: string, query: string): string[] {
  const out: string[] = [];
  for (const [text, { position, repair, count }] of notes) {
    let detail = repair ? describeRepair(repair) : "";
    if (count !== undefined && count > 1) detail = ` (${count} occurrences)`;
    out.push(`${prefix}: ${text}${detail} (${formatPosition(query, position)})`);
  }
  return out;
}

function describeRepair(repair: Repair): string {
  const { count, firstMs, lastMs, minBucket, maxBucket, maxDiff } = repair;
  const buckets = `from buckets ${formatFloatG(minBucket)} to ${formatFloatG(maxBucket)}`;
  const diff = `with a max diff of ${formatFloatG(Number(maxDiff.toPrecision(2)))}`;
  const times = `over ${count} samples from ${rfc3339(firstMs)} to ${rfc3339(lastMs)}`;
  return `, ${buckets}, ${diff}, ${times}`;
}

function rfc3339(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

function mergeRepairs(a: Repair, b: Repair): Repair {
  return {
    count: a.count + b.count,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
    minBucket: Math.min(a.minBucket, b.minBucket),
    maxBucket: Math.max(a.maxBucket, b.maxBucket),
    maxDiff: Math.max(a.maxDiff, b.maxDiff),
  };
}
