import { NarthexError } from "#pkg/errs/mod.ts";
import type { Matcher, MatchType } from "#pkg/labels/mod.ts";
import { newMatcher } from "#pkg/re2/mod.ts";
import type { LabelParams, SelectHints, SelectParams } from "#pkg/storage/mod.ts";
import { narthex } from "./gen/narthex.js";

const { MatchType: Wire } = narthex;
const TYPES: readonly MatchType[] = ["=", "!=", "=~", "!~"];

type WireMatchers = narthex.Matcher.$Properties[];

/** Matchers as messages. */
export function matchersToWire(matchers: readonly Matcher[]): WireMatchers {
  return matchers.map(({ type, name, value }) => ({
    type: TYPES.indexOf(type) as narthex.MatchType,
    name,
    value,
  }));
}

/** Matchers of messages. Raises `bad_data` for those that do not compile. */
export function matchersFromWire(matchers: WireMatchers | null | undefined): Matcher[] {
  return (matchers ?? []).map((matcher) => {
    const type = TYPES[matcher.type ?? Wire.EQUAL];
    if (!type) throw new NarthexError("bad_data", `unknown matcher type ${matcher.type}`);
    return newMatcher(type, matcher.name ?? "", matcher.value ?? "");
  });
}

function hintsFromWire(hints: narthex.SelectHints.$Properties): SelectHints {
  return {
    ...(hints.step ? { step: hints.step } : {}),
    ...(hints.range ? { range: hints.range } : {}),
    ...(hints.func ? { func: hints.func } : {}),
    ...(hints.grouping?.length ? { grouping: hints.grouping } : {}),
    ...(hints.by ? { by: true } : {}),
    ...(hints.skipChunks ? { skipChunks: true } : {}),
  };
}

/** The message for `params`; `onWarning` stays on this side. */
export function selectParamsToWire(params: SelectParams): narthex.SelectParams.$Properties {
  const { mint, maxt, matchers, hints, limit = 0 } = params;
  return {
    mint,
    maxt,
    matchers: matchersToWire(matchers),
    limit,
    ...(hints ? { hints: { ...hints, grouping: [...(hints.grouping ?? [])] } } : {}),
  };
}

/** What a message asks for. Raises `bad_data` for matchers that do not compile. */
export function selectParamsFromWire(
  wire: narthex.SelectParams.$Properties | null | undefined,
  onWarning: (warning: string) => void,
): SelectParams {
  if (!wire) throw new NarthexError("bad_data", "request without params");
  return {
    mint: wire.mint ?? 0,
    maxt: wire.maxt ?? 0,
    matchers: matchersFromWire(wire.matchers),
    ...(wire.hints ? { hints: hintsFromWire(wire.hints) } : {}),
    ...(wire.limit ? { limit: wire.limit } : {}),
    onWarning,
  };
}

/** The message for `params`; `onWarning` stays on this side. */
export function labelParamsToWire(params: LabelParams): narthex.LabelParams.$Properties {
  const { mint, maxt, matchers, limit = 0 } = params;
  return { mint, maxt, matchers: matchersToWire(matchers), limit };
}

/** As `selectParamsFromWire`. */
export function labelParamsFromWire(
  wire: narthex.LabelParams.$Properties | null | undefined,
  onWarning: (warning: string) => void,
): LabelParams {
  if (!wire) throw new NarthexError("bad_data", "request without params");
  return {
    mint: wire.mint ?? 0,
    maxt: wire.maxt ?? 0,
    matchers: matchersFromWire(wire.matchers),
    ...(wire.limit ? { limit: wire.limit } : {}),
    onWarning,
  };
}
