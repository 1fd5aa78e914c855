import type { Frame } from "./context.ts";

/** The time that step `i` of `frame` looks at is `first + i * step`; `@` makes the step 0. */
export interface LookTimes {
  readonly firstMs: number;
  readonly stepMs: number;
}

/** When a selector or subquery with these modifiers looks at its data. */
export function lookTimes(
  modifiers: { readonly offsetMs: number; readonly timestampMs: number | undefined },
  frame: Frame,
): LookTimes {
  const { offsetMs, timestampMs } = modifiers;
  if (timestampMs !== undefined) return { firstMs: timestampMs - offsetMs, stepMs: 0 };
  return { firstMs: frame.startMs - offsetMs, stepMs: frame.stepMs };
}
