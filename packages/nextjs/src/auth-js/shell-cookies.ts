import { isLoopbackHost, OptionsError, readOwnCookie } from '@sallyport/core';

/** The cookies of a shell. All of them are HTTP-only, `SameSite=Lax` and for every path. */
export interface ShellCookies {
  /** The session of next-auth. */
  readonly session: string;
  /** Tokens, with the cookie storage; the parts are numbered. */
  readonly tokens: string;
  /** What is known of a sign-out that is under way. */
  readonly signOut: string;
  /** A page was sent to sign in because its token was refused. */
  readonly signInAgain: string;
  readonly secure: boolean;
}

/** What next-auth hands over to be written as a cookie, of which these members matter. */
export interface CookieToSet {
  readonly name: string;
  readonly value: string;
  readonly options: {
    readonly path?: string | undefined;
    readonly maxAge?: number | undefined;
    readonly expires?: Date | undefined;
    readonly httpOnly?: boolean | undefined;
    readonly secure?: boolean | undefined;
    readonly sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined;
  };
}

/**
 * The names for a shell at this address: `__Host-` on https; with the port on plain-http loopback, because cookies know no
 * port and several systems share that host.
 *
 * @throws OptionsError for plain http anywhere else.
 */
export function shellCookiesFor(shellUrl: string): ShellCookies {
  const { protocol, hostname, port } = new URL(shellUrl);
  if (protocol === 'https:') return namesOf('__Host-sallyport-shell', true);
  if (protocol === 'http:' && isLoopbackHost(hostname)) return namesOf(`sallyport-shell-${port || '80'}`, false);
  throw new OptionsError('shellUrl must be https, except on loopback: a session cookie is never sent in clear');
}

function namesOf(base: string, secure: boolean): ShellCookies {
  // No name begins with another one: next-auth takes every cookie that begins with the name of its own for a part of it.
  return {
    session: `${base}-session`,
    tokens: `${base}-tokens`,
    signOut: `${base}-sign-out`,
    signInAgain: `${base}-again`,
    secure,
  };
}

/** Browsers keep 4096 bytes of name, value and attributes (RFC 6265, section 6.1). */
const partLength = 3800;
/** A request with more than 16 kB of headers is refused by Node.js itself. */
const maxParts = 3;

/** A value does not fit into cookies. */
export class CookieTooLargeError extends Error {
  override readonly name = 'CookieTooLargeError';
}

/**
 * Writes a value over as many cookies as it needs, and takes away those of a longer value before it.
 *
 * @throws CookieTooLargeError beyond three cookies.
 */
export function serializeParts(cookies: ShellCookies, value: string, maxAgeSeconds: number): string[] {
  const parts = Array.from({ length: Math.ceil(value.length / partLength) }, (_, index) =>
    value.slice(index * partLength, (index + 1) * partLength),
  );
  if (parts.length > maxParts)
    throw new CookieTooLargeError(
      `The tokens need ${parts.length} cookies and get ${maxParts}: use the vault, or ask for fewer scopes`,
    );
  return Array.from({ length: maxParts }, (_, index) => {
    const part = parts[index] ?? '';
    return serializeOwnCookie(cookies, `${cookies.tokens}.${index}`, part, part === '' ? 0 : maxAgeSeconds);
  });
}

/** Reads a value that was written by `serializeParts`; `undefined` when there is none. */
export function readParts(cookies: ShellCookies, header: string | undefined): string | undefined {
  const parts: string[] = [];
  for (let index = 0; index < maxParts; index++) {
    const part = readOwnCookie(header, `${cookies.tokens}.${index}`);
    if (part === undefined || part === '') break;
    parts.push(part);
  }
  return parts.length === 0 ? undefined : parts.join('');
}

/** A `Cookie` header in which our cookies were replaced by those of `Set-Cookie` values. */
export function replaceCookies(header: string | undefined, setCookies: readonly string[]): string {
  const replacing = new Map(
    setCookies.map((line) => {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
  const kept = (header ?? '')
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair !== '' && !replacing.has(pair.slice(0, pair.indexOf('='))));
  const added = [...replacing].filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`);
  return [...kept, ...added].join('; ');
}

/** `Set-Cookie` for a cookie of ours; zero seconds take it away. */
export function serializeOwnCookie(
  { secure }: Pick<ShellCookies, 'secure'>,
  name: string,
  value: string,
  maxAgeSeconds: number,
): string {
  return serializeCookie({
    name,
    value,
    options: { path: '/', maxAge: maxAgeSeconds, httpOnly: true, sameSite: 'lax', secure },
  });
}

/** `Set-Cookie` for a cookie of next-auth (RFC 6265, section 4.1). */
export function serializeCookie({ name, value, options }: CookieToSet): string {
  const { path = '/', maxAge, expires, httpOnly, secure, sameSite } = options;
  return [
    `${name}=${encodeURIComponent(value)}`,
    `Path=${path}`,
    maxAge === undefined ? '' : `Max-Age=${Math.floor(maxAge)}`,
    expires === undefined ? '' : `Expires=${expires.toUTCString()}`,
    httpOnly === true ? 'HttpOnly' : '',
    secure === true ? 'Secure' : '',
    sameSite === undefined || sameSite === false ? '' : `SameSite=${sameSite === true ? 'strict' : sameSite}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** All cookies of a `Cookie` header, decoded as next-auth expects them. */
export function parseCookies(header: string | undefined): Record<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    // The first of two is the one of the longest path (RFC 6265, section 5.4).
    if (at !== -1 && !cookies.has(name)) cookies.set(name, decoded(pair.slice(at + 1).trim()));
  }
  return Object.fromEntries(cookies);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
