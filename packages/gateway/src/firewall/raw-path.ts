import { SallyportError, type RawPathPart } from '@sallyport/core';

/** A path with parts that servers read in more than one way. */
export interface RawPath {
  /** After one round of percent-decoding; those parts stay encoded, so that segments are those of the raw path. */
  readonly path: string;
  readonly parts: ReadonlySet<RawPathPart>;
}

const partOf: ReadonlyMap<string, RawPathPart> = new Map([
  ['/', '%2F'],
  ['\\', '%5C'],
  ['?', '%3F'],
  ['#', '%23'],
  [';', '%3B'],
]);

const noParts: ReadonlySet<RawPathPart> = new Set();

/** Rounds of decoding after which a path has to stay what it is. */
const maxRounds = 4;

/** Kinds of delimiters in one path: each doubles the ways to read it. */
const maxKinds = 3;

/**
 * Reads a raw path that may hold ambiguous parts. Control characters, dot segments and what is no UTF-8 are refused in
 * every round of decoding, and so are two slashes at the beginning, which some servers take for an authority.
 *
 * @throws `SP_REQUEST_AMBIGUOUS`
 */
export function readRawPath(rawPath: string): RawPath {
  const parts = new Set<RawPathPart>();
  const segments = rawPath.slice(1).split('/');
  if (segments.slice(0, -1).includes('')) parts.add('//');
  const path = segments.map((segment) => readSegment(segment, parts)).join('/');
  if (parts.size === 0) return { path: `/${path}`, parts: noParts };
  if ([...partOf.values()].filter((part) => parts.has(part)).length > maxKinds) refuse('encoded-delimiter');
  return { path: `/${path}`, parts };
}

/**
 * Every path that a server may take a raw path for: decoded once or several times, each kind of delimiter as a delimiter
 * or as a character, with empty segments or without them.
 *
 * @throws `SP_REQUEST_AMBIGUOUS`
 */
export function readingsOf(rawPath: string, parts: ReadonlySet<RawPathPart>): readonly string[] {
  const segments = rawPath.slice(1).split('/').map(roundsOf);
  const delimiters = [...partOf].filter(([, part]) => parts.has(part)).map(([delimiter]) => delimiter);
  const rounds = Math.max(...segments.map(({ length }) => length));
  const readings = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const texts = segments.map((texts) => texts[Math.min(round, texts.length - 1)] ?? '');
    for (let subset = 0; subset < 2 ** delimiters.length; subset++) {
      const taken = new Set(delimiters.filter((_, index) => (subset & (2 ** index)) !== 0));
      const reading = `/${readAs(texts, taken)}`;
      if (reading.startsWith('//')) refuse('empty-segment');
      readings.add(reading).add(reading.replaceAll(/\/{2,}/g, '/'));
    }
  }
  return [...readings];
}

/** The segments as a server reads them for whom these characters delimit, and the other ones do not. */
function readAs(segments: readonly string[], taken: ReadonlySet<string>): string {
  const path = segments
    .map((segment) =>
      segment.replaceAll(/[/\\?#;]/g, (found) => (taken.has(found) ? found : (partOf.get(found) ?? ''))),
    )
    .join('/')
    .replaceAll('\\', '/');
  const end = path.search(/[?#]/);
  return (end === -1 ? path : path.slice(0, end)).replaceAll(/;[^/]*/g, '');
}

function readSegment(segment: string, parts: Set<RawPathPart>): string {
  if (!segment.includes('%')) return segment;
  const rounds = roundsOf(segment);
  if (rounds.length > 1) parts.add('%25');
  for (const text of rounds) {
    if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) refuse('encoded-delimiter');
    if (text.split(/[/\\]/).some((name) => /^\.{1,2}(?:[;?#]|$)/.test(name))) refuse('dot-segment');
    for (const [delimiter, part] of partOf)
      if (text.includes(delimiter) && !(delimiter === ';' && segment.includes(';'))) parts.add(part);
  }
  if (segment.includes(';') && /%(?:25)*3b/i.test(segment)) parts.add('%3B');
  const [decoded = ''] = rounds;
  const kept = segment.includes(';') ? /[/\\?#]|%(?=[0-9A-Fa-f]{2})/g : /[/\\?#;]|%(?=[0-9A-Fa-f]{2})/g;
  return decoded.replaceAll(kept, (found) => partOf.get(found) ?? '%25');
}

/** What a segment is after each round of decoding, until it stays what it is. */
function roundsOf(segment: string): readonly string[] {
  const rounds = [decodeOnce(segment, true)];
  for (let text = rounds[0] ?? ''; /%[0-9A-Fa-f]{2}/.test(text);) {
    if (rounds.length === maxRounds) refuse('encoded-delimiter');
    text = decodeOnce(text, false);
    rounds.push(text);
  }
  return rounds;
}

/** Overlong forms, and everything else that is not UTF-8, are refused; a lone percent sign only in the first round. */
function decodeOnce(text: string, isWhole: boolean): string {
  try {
    return isWhole ? decodeURIComponent(text) : text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, decodeURIComponent);
  } catch {
    return refuse('percent-encoding');
  }
}

function refuse(reason: string): never {
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason });
}
