import { NarthexError } from "#pkg/errs/mod.ts";

/** Roles that a process can take. */
export const ROLES = [
  "distributor",
  "ingester",
  "querier",
  "store-gateway",
  "compactor",
  "agent",
] as const;
export type Role = (typeof ROLES)[number];

/** Words of `--target` that stand for several roles. */
const GROUPS: Readonly<Record<string, readonly Role[]>> = {
  all: ROLES,
  write: ["distributor", "ingester"],
  read: ["querier"],
  backend: ["store-gateway", "compactor"],
};

/** The roles that the words of `--target` name. Unknown words raise `bad_data`. */
export function rolesOf(targets: readonly string[]): ReadonlySet<Role> {
  const roles = new Set<Role>();
  for (const word of targets) {
    const group = GROUPS[word] ?? ROLES.filter((role) => role === word);
    if (group.length === 0) {
      const known = [...Object.keys(GROUPS), ...ROLES].join(", ");
      throw new NarthexError("bad_data", `target: unknown role "${word}", want some of ${known}`);
    }
    for (const role of group) roles.add(role);
  }
  if (roles.size === 0) throw new NarthexError("bad_data", "target: want at least one role");
  return roles;
}
