type Version = readonly [major: number, minor: number, patch: number];

/** Versions from the first up to the second, which is not among them. */
type Span = readonly [from: Version, to: Version];

const everyVersion: Span = [
  [0, 0, 0],
  [Infinity, 0, 0],
];

/**
 * Whether a version exists that both ranges of a `package.json` take. A range that names no versions, such as a tag, an
 * address or a catalog, may mean any.
 *
 * @example
 * haveCommonVersion('^16.0.0', '^16.4.3'); // true: 16.4.3
 * haveCommonVersion('^15.5.0', '^16.4.3'); // false
 */
export function haveCommonVersion(one: string, other: string): boolean {
  const [ones, others] = [readSpans(one), readSpans(other)];
  if (ones === undefined || others === undefined) return true;
  return ones.some(([from, to]) => others.some((span) => isBefore(from, span[1]) && isBefore(span[0], to)));
}

function readSpans(range: string): readonly Span[] | undefined {
  const spans = range
    .replace(/^npm:(?:@[^/@]+\/)?[^@]+@/, '')
    .split('||')
    .map((part) => readSpan(part.trim()));
  return spans.every((span) => span !== undefined) ? spans : undefined;
}

function readSpan(text: string): Span | undefined {
  if (['', '*', 'x', 'latest'].includes(text)) return everyVersion;
  const match = /^(\^|~|>=|=)?\s*v?(\d+)(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?(?:[-+][\w.+-]+)?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign = '', ...parts] = match;
  const [major = 0, minor, patch] = parts.map((part) => (/^\d+$/.test(part ?? '') ? Number(part) : undefined));
  const from: Version = [major, minor ?? 0, patch ?? 0];
  if (sign === '>=') return [from, everyVersion[1]];
  // What ^ holds on to is the first number that is not zero.
  if (minor === undefined || (sign === '^' && major > 0)) return [from, [major + 1, 0, 0]];
  if (patch === undefined || sign === '~' || (sign === '^' && minor > 0)) return [from, [major, minor + 1, 0]];
  return [from, [major, minor, patch + 1]];
}

function isBefore(one: Version, other: Version): boolean {
  const different = one.findIndex((part, index) => part !== other[index]);
  return different >= 0 && (one[different] ?? 0) < (other[different] ?? 0);
}
