import { SallyportError } from '@sallyport/core';

/** Rounds of decoding after which a path has to stay what it is. */
const maxRounds = 4;

/**
 * Finds the configured prefix to which a path belongs.
 *
 * Refused is whatever two servers could read as two paths: dot segments, slashes and backslashes in any encoding, empty
 * segments, control characters, what is no UTF-8. The gateway looks again.
 *
 * @throws `SP_REQUEST_AMBIGUOUS`; `SP_NOT_FOUND` for a path below no prefix.
 */
export function requireForwardedPath(pathname: string, prefixes: readonly string[]): void {
  const segments = pathname.slice(1).split('/');
  if (!pathname.startsWith('/') || segments.slice(0, -1).includes('')) refuse('empty-segment');
  for (const segment of segments) requirePlainSegment(segment);
  const isBelow = (prefix: string): boolean => pathname === prefix || pathname.startsWith(`${prefix}/`);
  if (!prefixes.some(isBelow)) throw new SallyportError('SP_NOT_FOUND', { reason: 'not-forwarded' });
}

function requirePlainSegment(segment: string): void {
  let text = segment;
  for (let round = 0; ; round++) {
    if (hasDelimiter(text)) refuse('encoded-delimiter');
    // Some servers cut what follows a semicolon before they resolve dots.
    if (/^\.{1,2}(?:;|$)/.test(text)) refuse('dot-segment');
    if (!text.includes('%')) return;
    const decoded = decode(text);
    if (decoded === undefined && round === 0) refuse('malformed-encoding');
    // A percent sign that was encoded is one, and no encoding of anything.
    if (decoded === undefined || decoded === text) return;
    if (round === maxRounds) refuse('many-encodings');
    text = decoded;
  }
}

function hasDelimiter(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[/\\\u0000-\u001F\u007F]/.test(text);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function refuse(reason: string): never {
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason });
}
