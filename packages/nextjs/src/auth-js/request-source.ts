/** Who made a browser send a request, as far as it says so itself. */
export type RequestSource = 'own-page' | 'other-site' | 'unknown';

/**
 * Says where a request comes from: by Fetch Metadata, and by `Origin` where that is absent or contradicts it. No page can set
 * either (Fetch, forbidden request-headers).
 */
export function sourceOf(headers: Headers, ownOrigin: string): RequestSource {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  if (origin !== null && origin !== ownOrigin) return 'other-site';
  if (site === 'same-origin') return 'own-page';
  if (site === null) return origin === ownOrigin ? 'own-page' : 'unknown';
  return site === 'none' ? 'unknown' : 'other-site';
}

/** Whether a request only reads (RFC 9110, section 9.2.1). */
export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** Whether a browser goes to another page by this request. */
export function isNavigation(headers: Headers): boolean {
  return headers.get('sec-fetch-mode') === 'navigate';
}

/**
 * Whether the session of the browser counts for a request: what another site reads is served as to a stranger, but for links
 * that a user follows, as with a cookie that is `SameSite=Lax`.
 */
export function carriesSession(method: string, headers: Headers, ownOrigin: string): boolean {
  if (sourceOf(headers, ownOrigin) !== 'other-site') return true;
  return isNavigation(headers) && isRead(method) && headers.get('origin') === null;
}
