/** One entry of a lock file of npm. */
interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A lock file of npm. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/** What a lock file says that would work on one machine alone: links, and paths that lead out of its repository. */
export function findLocalTies({ packages }: LockFile, tarballFolder: string): readonly string[] {
  return Object.entries(packages).flatMap(([place, { link, resolved = '' }]) => {
    if (link === true) return [`${place} is a link`];
    const isFile = /^(?:file|link|workspace):|^[./]/.test(resolved);
    return isFile && !resolved.startsWith(`file:${tarballFolder}/`) ? [`${place} comes from ${resolved}`] : [];
  });
}

/**
 * Names what adopters get in another version than the tests of the repository ran with: of our packages, and of all that
 * they bring along. Peers belong to the adopter.
 */
export function findOtherVersions(theirs: LockFile, ours: LockFile): readonly string[] {
  const known = new Map<string, Set<string>>();
  for (const [place, { version }] of Object.entries(ours.packages))
    if (version !== undefined) known.set(nameOf(place), (known.get(nameOf(place)) ?? new Set()).add(version));
  return broughtAlong(theirs).flatMap((place) => {
    const { version = '' } = theirs.packages[place] ?? {};
    const versions = known.get(nameOf(place));
    if (versions?.has(version) === true) return [];
    return [`${nameOf(place)} ${version} instead of ${versions === undefined ? 'none' : [...versions].join(', ')}`];
  });
}

/** Places of all that our packages depend on, theirs included. */
export function broughtAlong(lock: LockFile): readonly string[] {
  const found = new Set<string>();
  const visit = (place: string): void => {
    if (found.has(place)) return;
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies = {} } = lock.packages[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const next = locate(lock, place, name);
      // A dependency that is a peer as well, or made for another system, is not ours to decide, or not there.
      if (next !== undefined && !Object.hasOwn(peerDependencies, name)) visit(next);
    }
  };
  for (const place of Object.keys(lock.packages)) if (isOurs(nameOf(place))) visit(place);
  return [...found].filter((place) => !isOurs(nameOf(place))).sort();
}

/** Where Node would find a package from another one. */
function locate({ packages }: LockFile, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (folder === '') return undefined;
  }
}

function nameOf(place: string): string {
  return place.split('node_modules/').at(-1) ?? place;
}

function isOurs(name: string): boolean {
  return name === 'sallyport' || name.startsWith('@sallyport/');
}
