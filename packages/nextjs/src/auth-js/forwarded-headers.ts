/** Of one connection alone (RFC 9110, section 7.6.1). */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
];

/** What says who is calling, or speaks for a proxy: of a browser it is believed by no server. */
const neverSent = new Set([
  ...hopByHop,
  'host',
  'content-length',
  'accept-encoding',
  'cookie',
  'cookie2',
  'authorization',
  'x-api-key',
  'forwarded',
  'via',
  'x-real-ip',
  'content-security-policy',
  'content-security-policy-report-only',
]);

/** `X_Forwarded_For` is `X-Forwarded-For` to some servers. */
const neverSentPrefix = /^(?:x-forwarded|x-sallyport|x-middleware|x-original|x-rewrite|x-invoke|x-nextjs-rewrite)/;

/** Cookies stay where they were set, and no server announces another one for this origin. */
const neverReturned = new Set([...hopByHop, 'set-cookie', 'set-cookie2', 'alt-svc', 'x-middleware-set-cookie']);

/**
 * The headers of a request as the gateway gets them: without cookies, credentials and whatever a proxy says of a client. The
 * gateway looks at each name once more, by rules of its own.
 */
export function toForwardedHeaders(incoming: Headers): Headers {
  const named = namedByConnection(incoming);
  const headers = new Headers();
  for (const [name, value] of incoming) {
    const folded = name.replaceAll(/[_.]/g, '-');
    if (neverSent.has(folded) || neverSentPrefix.test(folded) || named.has(name)) continue;
    headers.append(name, value);
  }
  // Next.js takes `Content-Encoding` from what a route handler answers, and leaves the body as it is.
  headers.set('accept-encoding', 'identity');
  return headers;
}

/** The headers of an answer as the browser gets them. */
export function toReturnedHeaders(incoming: Headers): Headers {
  const named = namedByConnection(incoming);
  const headers = new Headers();
  for (const [name, value] of incoming) {
    if (neverReturned.has(name) || named.has(name) || name.startsWith('x-middleware-')) continue;
    headers.append(name, value);
  }
  return headers;
}

/** `Connection` names more headers of this one connection. */
function namedByConnection(headers: Headers): ReadonlySet<string> {
  return new Set((headers.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase()));
}
