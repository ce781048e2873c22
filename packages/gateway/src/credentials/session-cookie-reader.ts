import { isSessionToken } from '@sallyport/core';
import { createPerConnection } from '../per-connection.ts';

/** Reads a `Cookie` header. `connection` is whatever lives as long as the connection on which it came. */
export type ReadCookieHeader = (header: string, connection?: object) => ReadCookies;

/** What the `Cookie` header says about the session. */
export type PresentedSession =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'unusable'; readonly reason: 'cookie-malformed' | 'cookie-conflict' };

export interface ReadCookies {
  readonly session: PresentedSession;
  /** The other cookies, for the upstream; `undefined` when there are none. */
  readonly others: string | undefined;
}

/**
 * A name that holds this is ours, in any case and behind anything: it is never forwarded and never set by an upstream.
 * What some parsers would trim away, decode or read as a prefix does not make a name another's.
 */
const ourNames = /^[^=;]{0,64}sallyport/i;

/**
 * The same in the middle of a value, behind what a parser splits at that does not split at `;` alone (RFC 2109), or that
 * decodes first, or at its beginning before what may be a token. A value that merely holds the word, such as an address, is another's.
 */
const hiddenName =
  /(?:[\u0000-\u0020\u007f-\u00a0,"']|%(?:0[0-9a-d]|2[027c]|3b))[^=]{0,64}sallyport[^=]{0,32}=|=(?:__[a-z]{1,8}-)?sallyport[^=]{0,32}=[\w-]{32}/i;

/**
 * A pair without a name, or with one in which there is no character of a name (RFC 6265, section 4.1.1) so that what
 * trims more than we do finds none. It is read as a name by some and as a value by others: it may spell ours.
 */
const nameless = /^(?:[^!#$%&'*+.^_`|~0-9A-Za-z-]*=|[^=]*$)/;

const none: PresentedSession = { kind: 'none' };

/** Says whether a cookie, or what is written like one, has a name that belongs to the gateway. */
export function isOurCookieName(cookie: string): boolean {
  return ourNames.test(cookie);
}

/**
 * Builds the reader of `Cookie` headers. Pairs are split at `;` and nothing else: no quoted strings, no `$Version`,
 * and white space is the RFC's two characters only, since `trim()` would turn a no-break space into our name.
 *
 * Two cookies of our name with different values are a sign of tossing: neither is used.
 *
 * A browser sends the same cookies on a connection again and again: those of the last request are remembered with it.
 */
export function createCookieReader(cookieName: string): ReadCookieHeader {
  const lastOf = createPerConnection<{ readonly header: string; readonly read: ReadCookies }>('last cookies');
  const read = createUncachedReader(cookieName);
  return (header, connection) => {
    if (connection === undefined) return read(header);
    const last = lastOf.get(connection);
    if (last?.header === header) return last.read;
    const cookies = read(header);
    lastOf.set(connection, { header, read: cookies });
    return cookies;
  };
}

function createUncachedReader(cookieName: string): (header: string) => ReadCookies {
  const start = `${cookieName}=`;
  return (header) => {
    // The usual case, without an allocation per pair: our cookie and no other.
    if (header.startsWith(start) && !header.includes(';')) {
      return { session: toPresented(header.slice(start.length)), others: undefined };
    }
    let session: PresentedSession = none;
    let others: string | undefined;
    for (const part of header.split(';')) {
      const pair = trimSpaces(part);
      if (pair.startsWith(start)) {
        session = combine(session, toPresented(pair.slice(start.length)));
        continue;
      }
      if (nameless.test(pair) || isOurCookieName(pair) || hiddenName.test(pair)) continue;
      others = others === undefined ? pair : `${others}; ${pair}`;
    }
    return { session, others };
  };
}

function toPresented(value: string): PresentedSession {
  return isSessionToken(value) ? { kind: 'token', token: value } : { kind: 'unusable', reason: 'cookie-malformed' };
}

function combine(first: PresentedSession, second: PresentedSession): PresentedSession {
  if (first.kind === 'none') return second;
  const isSame = first.kind === 'token' && second.kind === 'token' && first.token === second.token;
  return isSame ? first : { kind: 'unusable', reason: 'cookie-conflict' };
}

function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
