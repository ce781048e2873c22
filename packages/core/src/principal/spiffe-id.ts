const maxLength = 2048;
const spiffeId = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[a-zA-Z0-9._-]+)*$/;

/**
 * Says whether a URI is a SPIFFE id: a trust domain and a path, without user, port, query, fragment or percent-encoding.
 *
 * @see {@link https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/ SPIFFE-ID}, section 2
 */
export function isSpiffeId(uri: string): boolean {
  return uri.length <= maxLength && spiffeId.test(uri) && !/\/\.{1,2}(?:\/|$)/.test(uri.slice('spiffe:/'.length));
}
