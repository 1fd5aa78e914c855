import { formatSeries } from "#pkg/labels/mod.ts";
import type { Head } from "./head.ts";
import { AppendStatus, type Rejection, type RejectionSink } from "./head-ports.ts";
import { ROW, ROW_DOUBLES, ROW_MASK, ROWS_PER_PAGE_BITS } from "./series-rows.ts";

/** Largest label set, where the limits on labels are off; arenas hold up to 1 MiB in one piece. */
const LABEL_BYTES_MAX = 512 * 1024;

/** Tells `sink` why a sample of series `ref` was not appended. */
export function refuseSample(
  head: Head,
  ref: number,
  t: number,
  status: AppendStatus,
  sink: RejectionSink,
): void {
  const series = (): string => formatSeries(head.labelsOf(ref));
  if (status === AppendStatus.conflict) {
    sink.reject(
      "new_value_for_timestamp",
      1,
      () => `duplicate sample for timestamp ${t} with another value, series: ${series()}`,
    );
  } else if (status === AppendStatus.tooFarInFuture) {
    sink.reject(
      "too_far_in_future",
      1,
      () =>
        `sample timestamp ${t} is more than ${head.options.creationGraceMs} ms in the future, series: ${series()}`,
    );
  } else {
    const newest = (): number =>
      head.rows.doubles[ref >>> ROWS_PER_PAGE_BITS]![(ref & ROW_MASK) * ROW_DOUBLES + ROW.lastT]!;
    sink.reject(
      "sample_too_old",
      1,
      () =>
        `sample timestamp ${t} is older than the out-of-order window of ${head.options.outOfOrderWindowMs} ms allows, newest of the series: ${newest()}, series: ${series()}`,
    );
  }
}

/** Passes refusals on as those of histograms. */
export function asHistograms(sink: RejectionSink): RejectionSink {
  return { reject: (reason, count, message) => sink.reject(reason, count, message, count) };
}

/** Why label bytes of this size are refused, if they are. */
export function tooLarge({
  start,
  end,
}: {
  readonly start: number;
  readonly end: number;
}): Rejection | undefined {
  if (end - start <= LABEL_BYTES_MAX) return undefined;
  return {
    reason: "labels_too_large",
    message: `label set of ${end - start} bytes, a series can have at most ${LABEL_BYTES_MAX}`,
  };
}
