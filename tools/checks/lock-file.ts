interface LockEntry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The part of package-lock.json that matters here. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/**
 * Lists what is wrong with a lock file: recorded addresses of registries, entries without integrity, and binaries of
 * other platforms that are missing (npm leaves them out silently, and macOS and Windows users find out).
 */
export function findLockFileProblems({ packages }: LockFile): string[] {
  const problems: string[] = [];
  for (const [key, entry] of Object.entries(packages)) {
    if (entry.resolved !== undefined && /^https?:/.test(entry.resolved))
      problems.push(`an address is recorded: ${key}`);
    const isInstalled = key.includes('node_modules/') && entry.link !== true && entry.inBundle !== true;
    if (isInstalled && entry.integrity === undefined) problems.push(`no integrity: ${key}`);
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      const isPresent = `node_modules/${name}` in packages || `${key}/node_modules/${name}` in packages;
      if (!isPresent) problems.push(`the platform package ${name} of ${key === '' ? 'the root' : key} is missing`);
    }
  }
  return problems;
}
