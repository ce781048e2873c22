/** Schemes of `Authorization` that the gateway itself speaks: what they carry is judged, and never taken for nothing. */
const spoken: ReadonlySet<string> = new Set(['bearer', 'dpop']);

const schemeOf = /^([!#$%&'*+.^_`|~\w-]+)(?: |$)/;

/**
 * Says whether an `Authorization` is of a scheme that the gateway does not speak, such as what a browser sends by itself
 * to a password prompt of the proxy in front (`Basic`, `Negotiate`). It is for that proxy, and dropped like every header
 * of a hop. What has no scheme is no such thing, and is judged.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-11.4 RFC 9110, section 11.4}
 */
export function isForeignScheme(authorization: string): boolean {
  const [, scheme] = schemeOf.exec(authorization) ?? [];
  return scheme !== undefined && !spoken.has(scheme.toLowerCase());
}
