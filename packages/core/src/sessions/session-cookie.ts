import { OptionsError } from '../options/options-error.ts';

/** The session cookie, as it is written on sign-in and read by the gateway. Its value never changes on refresh. */
export interface SessionCookie {
  readonly name: '__Host-sallyport' | `sallyport-${number}`;
  readonly secure: boolean;
}

/**
 * The cookie for a public URL: `__Host-sallyport` on https, `sallyport-<port>` on plain-http loopback, where several systems
 * share a host: cookies know no port, so that each would take away the session of the others.
 *
 * @throws OptionsError for plain http anywhere else.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265 RFC 6265}, and its successor for the `__Host-` prefix
 */
export function sessionCookieFor(publicUrl: string): SessionCookie {
  const { protocol, hostname, port } = new URL(publicUrl);
  if (protocol === 'https:') return { name: '__Host-sallyport', secure: true };
  if (protocol === 'http:' && isLoopbackHost(hostname)) {
    return { name: `sallyport-${port === '' ? 80 : Number(port)}`, secure: false };
  }
  throw new OptionsError('publicUrl must be https, except on loopback: a session cookie is never sent in clear');
}

/** Says whether a host name is this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(\.\d{1,3}){3}$/.test(hostname) ||
    hostname === '[::1]' ||
    hostname === '::1'
  );
}

/** The `Set-Cookie` value that hands a session to a browser: HttpOnly, SameSite=Lax, Path=/, no Domain. */
export function serializeSessionCookie(cookie: SessionCookie, token: string, maxAgeSeconds: number): string {
  return `${cookie.name}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${cookie.secure ? '; Secure' : ''}`;
}

/** The `Set-Cookie` value that takes the session away again: same name, path and flags. */
export function serializeClearedSessionCookie(cookie: SessionCookie): string {
  return serializeSessionCookie(cookie, '', 0);
}
