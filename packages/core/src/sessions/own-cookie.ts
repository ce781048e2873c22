/**
 * Reads a cookie of ours from a `Cookie` header: its value, or `undefined` when there is none. Two that differ are a sign of
 * cookie tossing: neither is used. Pairs are split at `;`, and white space is the RFC's two characters only, since `trim()`
 * would turn a no-break space into our name (RFC 6265, section 5.4).
 *
 * @example
 * readOwnCookie('a=1; sallyport-device=xyz', 'sallyport-device'); // 'xyz'
 */
export function readOwnCookie(header: string | undefined, name: string): string | undefined {
  const start = `${name}=`;
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(start))
    .map((pair) => pair.slice(start.length));
  return new Set(values).size === 1 ? values[0] : undefined;
}
