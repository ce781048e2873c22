import { waitFor } from './abortable.ts';
import { ownError } from './client-error.ts';
import type { ParsedOptions } from './client-options.ts';
import { prepareCall, type PreparedCall } from './prepared-call.ts';
import type { TokenKeeper } from './token-keeper.ts';

/** Builds `Client.fetch`. */
export function createAuthorizedFetch(
  options: Pick<ParsedOptions, 'gateway' | 'origins' | 'send'>,
  keeper: Pick<TokenKeeper, 'accessToken'>,
): typeof globalThis.fetch {
  return async (input, init) => {
    const call = prepareCall(input, init, options);
    const token = await waitFor(() => keeper.accessToken(), call.signal);
    const answer = await call.send(token);
    if (!isTokenRefused(answer)) return finish(call, answer);
    await answer.body?.cancel();
    // Others may hold a newer one already; then it is this one that is used.
    const next = await waitFor(() => keeper.accessToken(token), call.signal);
    if (!call.canRepeat) throw ownError('SP_CLIENT_BODY_SPENT', undefined, { status: answer.status });
    return finish(call, await call.send(next));
  };
}

/**
 * RFC 6750, section 3.1: `invalid_token` is what a refresh helps against. A challenge without it says that the route takes no
 * token at all. Where no challenge can be read (a service wrote the answer, or its CORS hides it), a refresh is tried.
 */
function isTokenRefused({ status, headers }: Response): boolean {
  if (status !== 401) return false;
  const challenge = headers.get('www-authenticate');
  return challenge === null || challenge.includes('invalid_token');
}

function finish(call: PreparedCall, answer: Response): Response {
  call.dispose();
  const isRedirect = answer.type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(answer.status);
  if (!isRedirect || call.wantsRedirects) return answer;
  void answer.body?.cancel();
  throw ownError('SP_CLIENT_REDIRECTED', 'call the address that it leads to yourself', {
    // Browsers tell scripts nothing of it.
    status: answer.status === 0 ? undefined : answer.status,
  });
}
