/**
 * Adds the headers that protect a browser: `nosniff`, HSTS and, for documents, `Referrer-Policy` and `X-Frame-Options`.
 * `headers` are those of the upstream, with lower-case names: what it set itself is left as it is.
 */
export function pushSafetyHeaders(
  list: string[],
  headers: Readonly<Record<string, string | string[] | undefined>>,
  strictTransport: string | undefined,
  isPage: boolean,
): void {
  if (headers['x-content-type-options'] === undefined) list.push('x-content-type-options', 'nosniff');
  if (strictTransport !== undefined) list.push('strict-transport-security', strictTransport);
  // Only what a browser can show as a document sends referrers and can be framed.
  if (!isPage) return;
  if (headers['referrer-policy'] === undefined) list.push('referrer-policy', 'strict-origin-when-cross-origin');
  if (headers['x-frame-options'] === undefined && !forbidsFrames(headers['content-security-policy'])) {
    list.push('x-frame-options', 'SAMEORIGIN');
  }
}

function forbidsFrames(policy: string | string[] | undefined): boolean {
  if (policy === undefined) return false;
  return (Array.isArray(policy) ? policy.join(';') : policy).includes('frame-ancestors');
}
