import { SallyportError } from '@sallyport/core';
import type { ReadCookies } from '../credentials/session-cookie-reader.ts';
import type { Forwarder } from '../forward/forward.ts';
import type { Transfer } from '../forward/forwarding.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';

export interface AllowanceParts {
  readonly readCookies: (header: string) => ReadCookies;
  /** Whether the answer names the headers of the client that the proxy has to remove. @default false */
  readonly namesHeadersToRemove?: boolean;
  /** Headers beside `Authorization` that hold credentials of programs: no service may get them. */
  readonly credentialHeaders?: readonly string[];
}

const nothingToAbort: Transfer = { abort: () => {}, upstreamMilliseconds: undefined };

/**
 * Answers an auth subrequest that is allowed, where the public listener would forward: 200 without a body, with the
 * headers that the proxy sends to the service in place of those of the client. `Authorization` is there when the caller is known, `Cookie`
 * when there are cookies other than the session.
 */
export function createAllowance({
  readCookies,
  namesHeadersToRemove = false,
  credentialHeaders = [],
}: AllowanceParts): Pick<Forwarder, 'forward'> {
  return {
    forward: ({ state, response }) => {
      // What is signed is the body, which a proxy keeps to itself.
      if (state.delivery !== undefined)
        throw new SallyportError('SP_WEBHOOK_UNVERIFIED', { reason: 'webhook-body-not-here' });
      const headers = headersOf(state, readCookies);
      // A proof that came goes with its token: a service could use it elsewhere.
      const proof = requestOf(state).headers.dpopProof === undefined ? [] : ['dpop'];
      const names = ['authorization', 'cookie', ...proof, ...credentialHeaders];
      const absent = names.filter((name) => headers[name] === undefined);
      if (namesHeadersToRemove && absent.length > 0) headers['x-envoy-auth-headers-to-remove'] = absent.join(',');
      response.writeHead(200, headers);
      response.end();
      return nothingToAbort;
    },
  };
}

function headersOf(state: RequestState, readCookies: AllowanceParts['readCookies']): Record<string, string> {
  const { cookie } = requestOf(state).headers;
  const others = cookie === undefined ? undefined : (state.cookies ?? readCookies(cookie)).others;
  return {
    'cache-control': 'no-store',
    'content-length': '0',
    'x-request-id': state.requestId,
    ...(state.token === undefined ? {} : { authorization: state.token.authorization }),
    ...(others === undefined ? {} : { cookie: others }),
  };
}

/** The gateway answers this path itself. A proxy that makes a subrequest about it is set up wrongly. */
export function servedByTheGateway(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason: 'served-by-the-gateway' });
}
