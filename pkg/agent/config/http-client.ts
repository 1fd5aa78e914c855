import { isAbsolute, join } from "node:path";
import { z } from "zod";
import {
  bool,
  choice,
  entry,
  ignored,
  list,
  mapping,
  section,
  text,
  unsupported,
  word,
} from "./fields.ts";

/** A secret that is written in the file or read from another one at every use. */
export interface Secret {
  readonly value: string;
  /** Path of the file, or `""`. */
  readonly file: string;
}

/** TLS of a client. Paths are absolute or relative to the working folder; `""` is not set. */
export interface TlsConfig {
  readonly ca: Secret;
  readonly cert: Secret;
  readonly key: Secret;
  readonly serverName: string;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: TlsVersion | undefined;
  readonly maxVersion: TlsVersion | undefined;
}

/** TLS versions in the words of Node. */
export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** How an HTTP client authenticates and connects. */
export interface HttpClientConfig {
  readonly basicAuth: { readonly username: Secret; readonly password: Secret } | undefined;
  readonly authorization: { readonly type: string; readonly credentials: Secret } | undefined;
  readonly tls: TlsConfig;
  readonly followRedirects: boolean;
  /** Further request headers; a name may have several values. */
  readonly headers: readonly (readonly [name: string, value: Secret])[];
}

const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLS10: "TLSv1",
  TLS11: "TLSv1.1",
  TLS12: "TLSv1.2",
  TLS13: "TLSv1.3",
};

const tlsVersion = () => choice(["TLS10", "TLS11", "TLS12", "TLS13"]).optional();

/** The keys of a client, for scrape configs and remote writes alike. */
export const httpClientShape = {
  basic_auth: section({
    username: text().optional(),
    username_file: text().optional(),
    username_ref: unsupported(),
    password: text().optional(),
    password_file: text().optional(),
    password_ref: unsupported(),
  }).optional(),
  authorization: section({
    type: text().optional(),
    credentials: text().optional(),
    credentials_file: text().optional(),
    credentials_ref: unsupported(),
  }).optional(),
  bearer_token: word().optional(),
  bearer_token_file: word().optional(),
  oauth2: unsupported(),
  tls_config: section({
    ca: text().optional(),
    ca_file: text().optional(),
    ca_ref: unsupported(),
    cert: text().optional(),
    cert_file: text().optional(),
    cert_ref: unsupported(),
    key: text().optional(),
    key_file: text().optional(),
    key_ref: unsupported(),
    server_name: text().optional(),
    insecure_skip_verify: bool().optional(),
    min_version: tlsVersion(),
    max_version: tlsVersion(),
  }).optional(),
  follow_redirects: bool().optional(),
  enable_http2: bool().optional(),
  http_headers: mapping(
    entry({
      values: list(text()).optional(),
      secrets: list(text()).optional(),
      files: list(text()).optional(),
    }),
  ).optional(),
  proxy_url: unsupported(),
  no_proxy: ignored(),
  proxy_from_environment: unsupported(),
  proxy_connect_header: unsupported(),
};

const httpClientSchema = z.object(httpClientShape);
type RawHttpClient = z.infer<typeof httpClientSchema>;

/** What is wrong with keys that are fine each alone. */
export function httpClientProblems(raw: RawHttpClient): string[] {
  const problems: string[] = [];
  const both = (a: string, b: string, section: Record<string, unknown> | undefined): void => {
    if (section?.[a] !== undefined && section[b] !== undefined) {
      problems.push(`at most one of ${a} and ${b} can be set`);
    }
  };
  both("bearer_token", "bearer_token_file", raw);
  both("username", "username_file", raw.basic_auth);
  both("password", "password_file", raw.basic_auth);
  both("credentials", "credentials_file", raw.authorization);
  for (const name of ["ca", "cert", "key"]) both(name, `${name}_file`, raw.tls_config);
  const bearer = raw.bearer_token !== undefined || raw.bearer_token_file !== undefined;
  const used = [
    raw.basic_auth && "basic_auth",
    raw.authorization && "authorization",
    bearer && "bearer_token",
  ].filter((name) => typeof name === "string");
  if (used.length > 1) problems.push(`at most one of ${used.join(" and ")} can be set`);
  if (raw.authorization?.type?.trim().toLowerCase() === "basic") {
    problems.push('authorization.type cannot be "basic", use basic_auth instead');
  }
  const cert = raw.tls_config?.cert ?? raw.tls_config?.cert_file ?? "";
  const key = raw.tls_config?.key ?? raw.tls_config?.key_file ?? "";
  if ((cert === "") !== (key === "")) {
    problems.push("tls_config needs both of cert and key, or none");
  }
  return problems;
}

/** The client that the keys describe; relative paths start at `dir`. */
export function httpClientConfig(raw: RawHttpClient, dir: string): HttpClientConfig {
  const secret = (value: string | undefined, file: string | undefined): Secret => ({
    value: value ?? "",
    file: inDir(dir, file ?? ""),
  });
  const { basic_auth: basic, authorization, tls_config: tls } = raw;
  const token = authorization ?? {
    credentials: raw.bearer_token,
    credentials_file: raw.bearer_token_file,
    type: undefined,
  };
  const authorized =
    authorization !== undefined ||
    raw.bearer_token !== undefined ||
    raw.bearer_token_file !== undefined;
  const headers: [string, Secret][] = [];
  for (const [name, header] of Object.entries(raw.http_headers ?? {})) {
    for (const value of [...(header.values ?? []), ...(header.secrets ?? [])]) {
      headers.push([name, secret(value, "")]);
    }
    for (const file of header.files ?? []) headers.push([name, secret("", file)]);
  }
  return {
    basicAuth: basic && {
      username: secret(basic.username, basic.username_file),
      password: secret(basic.password, basic.password_file),
    },
    authorization: authorized
      ? {
          type: token.type?.trim() || "Bearer",
          credentials: secret(token.credentials, token.credentials_file),
        }
      : undefined,
    tls: {
      ca: secret(tls?.ca, tls?.ca_file),
      cert: secret(tls?.cert, tls?.cert_file),
      key: secret(tls?.key, tls?.key_file),
      serverName: tls?.server_name ?? "",
      insecureSkipVerify: tls?.insecure_skip_verify ?? false,
      minVersion: TLS_VERSIONS[tls?.min_version ?? ""],
      maxVersion: TLS_VERSIONS[tls?.max_version ?? ""],
    },
    followRedirects: raw.follow_redirects ?? true,
    headers,
  };
}

/** `path` as seen from `dir`; `""` stays. */
export function inDir(dir: string, path: string): string {
  return path === "" || isAbsolute(path) ? path : join(dir, path);
}
