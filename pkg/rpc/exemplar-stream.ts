import type { Exemplar, ExemplarParams, SeriesExemplars } from "#pkg/exemplar/mod.ts";
import { labelsEqual } from "#pkg/labels/mod.ts";
import { matchersFromWire, matchersToWire } from "./convert.ts";
import type { narthex } from "./gen/narthex.js";

/** Exemplars of one message: some hundred bytes each. */
const EXEMPLARS_PER_MESSAGE = 10_000;

/** The message that asks for `params`. */
export function exemplarParamsToWire(params: ExemplarParams): narthex.ExemplarsRequest.$Properties {
  const { mint, maxt, matcherSets } = params;
  return { mint, maxt, sets: matcherSets.map((set) => ({ matchers: matchersToWire(set) })) };
}

/** What a message asks for. Raises `bad_data` for matchers that do not compile. */
export function exemplarParamsFromWire(wire: narthex.ExemplarsRequest.$Properties): ExemplarParams {
  const matcherSets = (wire.sets ?? []).map(({ matchers }) => matchersFromWire(matchers));
  return { mint: wire.mint ?? 0, maxt: wire.maxt ?? 0, matcherSets };
}

/** An answer in messages of bounded size. */
export async function* exemplarsToMessages(
  answer: Promise<readonly SeriesExemplars[]>,
): AsyncGenerator<narthex.ExemplarsResponse.$Properties> {
  let series: narthex.SeriesExemplars.$Properties[] = [];
  let room = EXEMPLARS_PER_MESSAGE;
  for (const { labels, exemplars } of await answer) {
    for (let from = 0; from < exemplars.length; ) {
      const part = exemplars.slice(from, from + room);
      from += part.length;
      room -= part.length;
      const wire = part.map((one) => ({ ...one, labels: [...one.labels] }));
      series.push({ labels: [...labels], exemplars: wire });
      if (room > 0) continue;
      yield { series };
      series = [];
      room = EXEMPLARS_PER_MESSAGE;
    }
  }
  if (series.length > 0) yield { series };
}

/** The answer that messages hold. */
export async function exemplarsFromMessages(
  messages: AsyncIterable<narthex.ExemplarsResponse.$Properties>,
): Promise<readonly SeriesExemplars[]> {
  const out: { labels: string[]; exemplars: Exemplar[] }[] = [];
  for await (const { series } of messages) {
    for (const one of series ?? []) {
      const labels = one.labels ?? [];
      const exemplars = (one.exemplars ?? []).map((wire) => ({
        labels: wire.labels ?? [],
        value: wire.value ?? 0,
        timestamp: wire.timestamp ?? 0,
      }));
      const last = out.at(-1);
      if (last !== undefined && labelsEqual(last.labels, labels)) last.exemplars.push(...exemplars);
      else out.push({ labels, exemplars });
    }
  }
  return out;
}
