import { type SeriesBatchDecoder, SeriesBatchEncoder } from "#pkg/series-batch/mod.ts";
import type { ChunkSeries } from "#pkg/storage/mod.ts";
import type { narthex } from "./gen/narthex.js";

/** A message is sent when it holds this much: large enough to amortise a message's cost, small
 * enough that the few that are buffered on the way do not count. */
const MESSAGE_BYTES = 256 * 1024;

/**
 * The messages of a streamed answer. `warnings` is filled by the selection while it runs and is
 * emptied here.
 */
export async function* toMessages(
  batches: AsyncIterable<readonly ChunkSeries[]>,
  warnings: string[],
): AsyncGenerator<narthex.SelectResponse.$Properties> {
  const encoder = new SeriesBatchEncoder();
  for await (const batch of batches) {
    for (const series of batch) {
      encoder.add(series);
      if (encoder.bytes < MESSAGE_BYTES) continue;
      yield { series: encoder.take(), warnings: warnings.splice(0) };
    }
    // What is left of a batch is not held back: the next one may take its time.
    if (encoder.seriesCount > 0) yield { series: encoder.take(), warnings: warnings.splice(0) };
  }
  if (warnings.length > 0) yield { warnings: warnings.splice(0) };
}

/** The series of the next message of a stream, its warnings handed on. */
export function fromMessage(
  message: narthex.SelectResponse.$Properties,
  decoder: SeriesBatchDecoder,
  onWarning: ((warning: string) => void) | undefined,
): ChunkSeries[] {
  for (const warning of message.warnings ?? []) onWarning?.(warning);
  const bytes = message.series;
  return bytes && bytes.length > 0 ? decoder.decode(bytes) : [];
}
