import { ownError } from './client-error.ts';
import type { ParsedOptions } from './client-options.ts';

/** A call that can be sent with a token, and perhaps once more. */
export interface PreparedCall {
  readonly signal: AbortSignal | undefined;
  /** Whether the body can be sent a second time. */
  readonly canRepeat: boolean;
  /** The caller looks at redirects itself (`redirect: "manual"`). */
  readonly wantsRedirects: boolean;
  send(token: string): Promise<Response>;
  /** Lets go of the copy of a body that was kept for a second time. */
  dispose(): void;
}

/**
 * Verifies where a call goes, and prepares it: `Authorization` is ours, no cookie goes along (the gateway refuses two
 * credentials), and a redirect is not followed. Throws `SP_CLIENT_ORIGIN_REFUSED`.
 */
export function prepareCall(
  input: string | URL | Request,
  init: RequestInit = {},
  { gateway, origins, send }: Pick<ParsedOptions, 'gateway' | 'origins' | 'send'>,
): PreparedCall {
  const request = isRequest(input) ? input : undefined;
  const url = new URL(isRequest(input) ? input.url : input, gateway);
  // The origin of "blob:https://app.example.com/…" is that of the gateway as well.
  if (!/^https?:$/.test(url.protocol) || !origins.has(url.origin))
    throw ownError('SP_CLIENT_ORIGIN_REFUSED', `${url.origin} is not listed`);
  const signal = init.signal ?? request?.signal;
  const redirect = init.redirect ?? request?.redirect;
  const body = init.body ?? undefined;
  const ours = { credentials: 'omit', redirect: redirect === 'error' ? 'error' : 'manual' } as const;
  const headersOf = (token: string): Headers => {
    const headers = new Headers(init.headers ?? request?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return headers;
  };
  const common = {
    signal,
    canRepeat: body === undefined || isRepeatable(body),
    wantsRedirects: redirect === 'manual',
  };
  if (request === undefined)
    return {
      ...common,
      send: (token) => send(url, { ...init, ...ours, headers: headersOf(token) }),
      dispose: () => {},
    };
  let copy: Request | undefined = body === undefined ? request : undefined;
  return {
    ...common,
    send(token) {
      const source = copy ?? request;
      // Held by the runtime until the answer is there, so that the body can be sent twice.
      copy = copy === undefined || common.canRepeat === false ? undefined : source.clone();
      return send(new Request(source, { ...init, ...ours, headers: headersOf(token) }));
    },
    dispose() {
      void copy?.body?.cancel();
    },
  };
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input !== 'string' && !(input instanceof URL);
}

/** Everything but streams: what `fetch` reads once is gone after the first time. */
function isRepeatable(body: BodyInit): boolean {
  if (typeof body === 'string' || body instanceof URLSearchParams || body instanceof ArrayBuffer) return true;
  if (ArrayBuffer.isView(body)) return true;
  // Not there on every runtime; a file that is part of a form is read anew each time.
  return [globalThis.Blob, globalThis.FormData].some((kind) => typeof kind === 'function' && body instanceof kind);
}
