import { NarthexError } from "#pkg/errs/mod.ts";

/** How a scrape body is written: Prometheus text (0.0.4 and 1.0.0) or OpenMetrics (0.0.1, 1.0.0). */
export type ExpositionFormat = "text" | "openmetrics";

/** The format of a body, and what was wrong with its Content-Type where the fallback was taken. */
export interface NegotiatedFormat {
  readonly format: ExpositionFormat;
  readonly warning: string | undefined;
}

const MEDIA_TYPE = /^\s*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)\s*(?:;|$)/;

/**
 * The format that a Content-Type header names. Where it is missing or names none that is known,
 * `fallback` is taken with a warning; without a fallback that is `bad_data`, as in Prometheus 3.
 */
export function negotiateFormat(
  contentType: string,
  fallback?: ExpositionFormat,
): NegotiatedFormat {
  const problem = problemOf(contentType);
  if (typeof problem !== "string") return { format: problem.format, warning: undefined };
  if (fallback === undefined) {
    throw new NarthexError("bad_data", `${problem} and no fallback_scrape_protocol for the target`);
  }
  return { format: fallback, warning: `${problem}, taking the fallback_scrape_protocol` };
}

function problemOf(contentType: string): string | { format: ExpositionFormat } {
  if (contentType === "") return "blank Content-Type";
  const mediaType = MEDIA_TYPE.exec(contentType)?.[1]?.toLowerCase();
  if (mediaType === "text/plain") return { format: "text" };
  if (mediaType === "application/openmetrics-text") return { format: "openmetrics" };
  return `unsupported Content-Type "${contentType}"`;
}
