import { NarthexError } from "#pkg/errs/mod.ts";

/** The tenant of requests without a header while `auth.enabled` is false. */
export const ANONYMOUS = "anonymous";
const TENANT_BYTES_MAX = 150;
/** Names that mean something else in a bucket or a path. */
const RESERVED = new Set([".", "..", "__markers__", "user-index.json.gz"]);
const ALLOWED = /^[0-9A-Za-z!\-_.*'()]+$/;

/**
 * Checks a tenant id, which becomes a folder and an object prefix: letters, digits and
 * `!-_.*'()`, at most 150 bytes, none of the reserved names. Raises `bad_data`.
 */
export function checkTenant(id: string): string {
  if (id.length > TENANT_BYTES_MAX) {
    throw new NarthexError(
      "bad_data",
      `tenant id is ${id.length} bytes long, want at most ${TENANT_BYTES_MAX}`,
    );
  }
  if (!ALLOWED.test(id)) {
    throw new NarthexError(
      "bad_data",
      `tenant id ${JSON.stringify(id)} contains a character that is not allowed`,
    );
  }
  if (RESERVED.has(id))
    throw new NarthexError("bad_data", `tenant id ${JSON.stringify(id)} is reserved`);
  return id;
}

/** Who asks, from the `X-Scope-OrgID` header. */
export class TenantResolver {
  readonly #authEnabled: boolean;

  constructor(options: { authEnabled: boolean }) {
    this.#authEnabled = options.authEnabled;
  }

  /** The one tenant of a write. Raises `unauthorized` without a header, `bad_data` for a bad one. */
  single(header: string | undefined): string {
    const tenants = this.several(header);
    if (tenants.length > 1) {
      throw new NarthexError("bad_data", "multiple tenant ids in a request that takes one");
    }
    return tenants[0]!;
  }

  /** The tenants of a read, `a|b` in the header: sorted, unique, at least one. */
  several(header: string | undefined): readonly string[] {
    if (header === undefined || header === "") {
      if (this.#authEnabled) throw new NarthexError("unauthorized", "no org id");
      return [ANONYMOUS];
    }
    return [...new Set(header.split("|").map((id) => checkTenant(id)))].sort();
  }
}
