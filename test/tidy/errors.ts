/** What the table of error codes says of one code; the same fields as in `ERROR_CODES`. */
export interface ErrorRow {
  readonly http: number;
  readonly grpc: number;
  readonly errorType: string;
  readonly retry: boolean;
}

/** The rows of the table in `docs/errors.md` whose first cell is a code, by code. */
export function errorTable(markdown: string): Record<string, ErrorRow> {
  const rows: Record<string, ErrorRow> = {};
  let inTable = false;
  for (const line of markdown.split("\n")) {
    if (!line.startsWith("|")) inTable = false;
    else if (line.startsWith("| code | HTTP | gRPC | errorType | retry |")) inTable = true;
    else if (inTable && !line.startsWith("| ---")) {
      const [code = "", http, grpc, errorType = "", retry] = line
        .split("|")
        .slice(1, 6)
        .map((cell) => cell.trim().replaceAll("`", ""));
      rows[code] = { http: Number(http), grpc: Number(grpc), errorType, retry: retry === "yes" };
    }
  }
  return rows;
}

/** Reasons for refusing samples: the first cells of the table under "Refused samples". */
export function reasonTable(markdown: string): string[] {
  const [, section = ""] = markdown.split("\n## Refused samples\n");
  return [...section.matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map((match) => match[1]!).sort();
}
