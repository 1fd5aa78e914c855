import type { TenantStats } from "#pkg/rpc/mod.ts";
import type { RingMember, StatusApi } from "./status.ts";

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#222;background:#fafafa}
header{background:#7a2e0e;color:#fff;padding:14px 24px}header h1{margin:0;font-size:20px}
header p{margin:2px 0 0;opacity:.85}main{padding:8px 24px 40px;max-width:1080px}
h2{font-size:16px;margin:28px 0 8px}table{border-collapse:collapse;background:#fff;min-width:420px}
th,td{border:1px solid #ddd;padding:5px 10px;text-align:left}th{background:#f0eae6}
td.n{text-align:right;font-variant-numeric:tabular-nums}.ok{color:#176117}.bad{color:#a11212}
ul{columns:2;padding-left:20px}code{background:#eee;padding:1px 4px;border-radius:3px}
@media (prefers-color-scheme:dark){body{background:#181614;color:#ddd}table{background:#211e1b}
th{background:#2c2723}th,td{border-color:#3a342f}a{color:#f0a070}code{background:#2c2723}
.ok{color:#7fce7f}.bad{color:#ff8a8a}}`;

/** Text that is safe inside elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function page(title: string, subtitle: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(subtitle)}</p></header><main>${body}</main></body></html>
`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${escapeHtml(text)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.join("")}</tr>`).join("\n");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

const cell = (text: string): string => `<td>${escapeHtml(text)}</td>`;
const number = (value: number): string => `<td class="n">${value.toLocaleString("en-US")}</td>`;
const mark = (text: string, good: boolean): string =>
  `<td class="${good ? "ok" : "bad"}">${escapeHtml(text)}</td>`;

/** The front page: what runs, its health, the ring, tenants, and where everything is. */
export function indexPage(status: StatusApi, tenants: readonly TenantStats[] | string): string {
  const reason = status.notReady();
  const parts = [
    `<h2>Health</h2><p class="${reason === undefined ? "ok" : "bad"}">${escapeHtml(reason === undefined ? "ready" : `not ready: ${reason}`)}</p>`,
    table(
      ["service", "state"],
      status
        .services()
        .map(({ name, state, failure }) => [
          cell(name),
          mark(failure ? `${state}: ${failure}` : state, state === "running"),
        ]),
    ),
    "<h2>Ring</h2>",
    ...ringTables(status.rings()),
    "<h2>Tenants</h2>",
    typeof tenants === "string" ? `<p>${escapeHtml(tenants)}</p>` : tenantTable(tenants),
    "<h2>Endpoints</h2><ul>",
    ...status.routes().map((route) => endpoint(route)),
    "</ul>",
  ];
  return page(
    "Narthex",
    `version ${status.version}, target ${status.targets.join(",")}`,
    parts.join("\n"),
  );
}

function endpoint(route: string): string {
  const [method = "", path = ""] = route.split(" ");
  const linked = method.includes("GET") && !path.includes(":");
  const text = `<code>${escapeHtml(method)}</code> `;
  return `<li>${text}${linked ? `<a href="${escapeHtml(path)}">${escapeHtml(path)}</a>` : escapeHtml(path)}</li>`;
}

function tenantTable(tenants: readonly TenantStats[]): string {
  if (tenants.length === 0) return "<p>no tenant has sent samples yet</p>";
  const rows = [...tenants]
    .sort((a, b) => b.series - a.series)
    .map(({ tenant, series, samplesPerSecond }) => [
      cell(tenant),
      number(series),
      number(Math.round(samplesPerSecond * 10) / 10),
    ]);
  return table(["tenant", "series", "samples/s"], rows);
}

function ringTables(rings: ReadonlyMap<string, readonly RingMember[]>): string[] {
  if (rings.size === 0) return ["<p>none: one process holds everything</p>"];
  return [...rings].flatMap(([name, members]) => [
    `<h3>${escapeHtml(name)}</h3>`,
    table(
      ["instance", "zone", "state", "health", "address", "heartbeat", "share of slots"],
      members.map((member) => [
        cell(member.id),
        cell(member.zone),
        mark(member.state, member.state === "ACTIVE"),
        mark(member.healthy ? "healthy" : "unhealthy", member.healthy),
        cell(member.address),
        cell(`${(member.heartbeatAgeMs / 1000).toFixed(1)} s ago`),
        cell(`${(member.slotShare * 100).toFixed(1)} %`),
      ]),
    ),
  ]);
}

/** The ring page. */
export function ringPage(rings: ReadonlyMap<string, readonly RingMember[]>): string {
  return page("Narthex ring", "members of the hash rings", ringTables(rings).join("\n"));
}
