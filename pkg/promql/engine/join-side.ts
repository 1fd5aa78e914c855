import type { FloatHistogram } from "#pkg/histogram/mod.ts";
import type { Labels } from "#pkg/labels/mod.ts";
import type { VectorMatching } from "../syntax/ast.ts";
import { refuseDuplicate } from "./join-errors.ts";
import { hasTypeOrUnit } from "./label-sets.ts";
import { matchLabels, signatureOf } from "./matching.ts";
import { type Row, type RowSink, RowStore, type SampleBudget, StepKind } from "./row.ts";

/** Up to this many steps are a number's bits. */
const MASK_STEPS = 31;

/** The rows of the held side that share a signature. */
export class Match {
  readonly rows: number[] = [];
  /** Some row has a type or a unit. */
  hasType = false;
  /** Which row each step has, -1 for none; made when it is first asked for. */
  at: Int32Array | undefined = undefined;
  /** Steps at which the other side was matched. */
  #mask = 0;
  #used: Uint8Array | undefined = undefined;

  isUsed(i: number): boolean {
    return this.#used === undefined
      ? i < MASK_STEPS && (this.#mask & (1 << i)) !== 0
      : this.#used[i] !== 0;
  }

  /** True if any of the marked steps was matched before. */
  collides(matched: Uint8Array): boolean {
    if (this.#mask === 0 && this.#used === undefined) return false;
    for (let i = 0; i < matched.length; i++) if (matched[i] !== 0 && this.isUsed(i)) return true;
    return false;
  }

  /** Marks all these steps as matched. */
  useAll(matched: Uint8Array): void {
    if (matched.length > MASK_STEPS && this.#used === undefined) this.#used = matched.slice();
    else for (let i = 0; i < matched.length; i++) if (matched[i] !== 0) this.use(i, matched.length);
  }

  use(i: number, steps: number): void {
    if (steps <= MASK_STEPS) this.#mask |= 1 << i;
    else {
      this.#used ??= new Uint8Array(steps);
      this.#used[i] = 1;
    }
  }
}

/** The side of a join that is held, by signature. */
export class JoinSide implements RowSink {
  readonly store: RowStore;
  readonly #matching: VectorMatching;
  readonly #signature: (labels: Labels) => string;
  readonly #matches = new Map<string, Match>();
  readonly #hasFill: boolean;
  /** Matches with two rows at a step: an error, if the other side has anything there. */
  #crowded: Match[] = [];
  /** The first two rows at each step that should have one; -1 where all is well. */
  #duplicates: { readonly a: Int32Array; readonly b: Int32Array } | undefined = undefined;
  #isPlaced = false;

  constructor(matching: VectorMatching, steps: number, budget: SampleBudget) {
    this.store = new RowStore(steps, budget);
    this.#matching = matching;
    this.#signature = signatureOf(matching);
    this.#hasFill = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  }

  push(row: Row): void {
    const match = this.#make(this.#signature(row.labels));
    if (match.rows.length === 1) this.#crowded.push(match);
    match.rows.push(this.store.length);
    if (hasTypeOrUnit(row.labels)) match.hasType = true;
    this.store.push(row);
  }

  readonly matches = (): Iterable<Match> => this.#matches.values();

  /** The match of a row of the other side; with `make` one of no rows where there is none. */
  matchOf(labels: Labels, make: boolean): Match | undefined {
    const key = this.#signature(labels);
    return make ? this.#make(key) : this.#matches.get(key);
  }

  has(one: number, i: number): boolean {
    return this.store.kinds(one)[this.store.offset(one) + i] !== StepKind.none;
  }

  value(one: number, i: number): number {
    return this.store.values(one)[this.store.offset(one) + i]!;
  }

  histogram(one: number, i: number): FloatHistogram | undefined {
    const kind = this.store.kinds(one)[this.store.offset(one) + i];
    return kind === StepKind.histogram ? this.store.histograms(one)![i] : undefined;
  }

  /** Which row of a match each step has. */
  place(match: Match): Int32Array {
    if (match.at !== undefined) return match.at;
    const at = new Int32Array(this.store.steps).fill(-1);
    for (const row of match.rows) {
      for (let i = 0; i < at.length; i++) {
        if (!this.has(row, i)) continue;
        if (at[i] === -1) at[i] = row;
        else this.#noteDuplicate(i, at[i]!, row);
      }
    }
    match.at = at;
    return at;
  }

  /**
   * Refuses two rows of one match at a step at which the other side has a sample, whichever it is;
   * `row` is one of its rows. With fill values every step counts.
   */
  refuseDuplicates({ kinds }: Row, side: "left" | "right"): void {
    if (this.#isPlaced && this.#duplicates === undefined) return;
    this.#refuse(side, (i) => this.#hasFill || kinds[i] !== StepKind.none);
  }

  /** With fill values, the same where the other side has no rows at all. */
  refuseUnmatchedDuplicates(side: "left" | "right"): void {
    if (this.#hasFill) this.#refuse(side, () => true);
  }

  #refuse(side: "left" | "right", counts: (i: number) => boolean): void {
    if (!this.#isPlaced) {
      for (const match of this.#crowded) this.place(match);
      this.#crowded = [];
      this.#isPlaced = true;
    }
    if (this.#duplicates === undefined) return;
    const { a, b } = this.#duplicates;
    for (let i = 0; i < a.length; i++) {
      if (a[i] === -1 || !counts(i)) continue;
      const labels = [this.store.labels[a[i]!]!, this.store.labels[b[i]!]!] as const;
      refuseDuplicate(matchLabels(labels[1], this.#matching), labels, side);
    }
  }

  #noteDuplicate(i: number, a: number, b: number): void {
    const { steps } = this.store;
    this.#duplicates ??= { a: new Int32Array(steps).fill(-1), b: new Int32Array(steps).fill(-1) };
    if (this.#duplicates.a[i] !== -1) return;
    this.#duplicates.a[i] = a;
    this.#duplicates.b[i] = b;
  }

  #make(key: string): Match {
    let match = this.#matches.get(key);
    if (!match) {
      match = new Match();
      this.#matches.set(key, match);
    }
    return match;
  }
}
