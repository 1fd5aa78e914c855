/** What the rules look at in `package.json`. */
export interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What the rules look at in `package-lock.json`. */
export interface Lock {
  readonly version: string;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** Loose dependencies and another version than the program's, one sentence each. */
export function manifestViolations(manifest: Manifest, version: string): string[] {
  const problems: string[] = [];
  if (manifest.version !== version) {
    problems.push(`package.json: version ${manifest.version}, want ${version} as in pkg/version`);
  }
  for (const group of ["dependencies", "devDependencies"] as const) {
    for (const [name, range] of Object.entries(manifest[group] ?? {})) {
      if (!EXACT.test(range)) {
        problems.push(`package.json: ${group}.${name}: ${range} is not exact; npm i -E pins it`);
      }
    }
  }
  return problems;
}

/**
 * Addresses that tie an installation to one registry, stale versions, and packages for other
 * platforms that are missing, which makes `npm ci` refuse the file. One sentence each.
 */
export function lockViolations(lock: Lock, version: string): string[] {
  const problems: string[] = [];
  if (lock.version !== version) {
    problems.push(`package-lock.json: version ${lock.version}, want ${version}`);
  }
  const own = lock.packages[""]?.version;
  if (own !== version) {
    problems.push(`package-lock.json: packages[""]: version ${own}, want ${version}`);
  }
  for (const [path, { resolved, optionalDependencies = {} }] of Object.entries(lock.packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      if (places.some((place) => Object.hasOwn(lock.packages, place))) continue;
      problems.push(
        `package-lock.json: ${path}: optional ${name} has no entry: npm ci refuses that`,
      );
    }
    if (resolved === undefined || !/^https?:/.test(resolved)) continue;
    problems.push(
      `package-lock.json: ${path}: resolved ${resolved}; npm i --omit-lockfile-registry-resolved leaves it out`,
    );
  }
  return problems;
}
