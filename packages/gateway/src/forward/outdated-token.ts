import { SallyportError } from '@sallyport/core';
import { isSafe } from '../pipeline/request-intent.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { Forwarding } from './forwarding.ts';
import type { UpstreamHeaders } from './upstream-headers.ts';

/** What becomes of a request that a service refused for its token. */
export type SecondThought =
  /** The service knows no more than we do: its answer passes. */
  | { readonly kind: 'pass' }
  /** The token was older than the authority of its caller: the request goes out again, with a new one. */
  | { readonly kind: 'again'; readonly route: ResolvedRoute }
  /** It was answered. */
  | { readonly kind: 'answered' };

/**
 * Whether a service refuses the token of the gateway (RFC 6750, section 3): it may have heard of a change of authority
 * before the gateway did, or while the request was on its way. A 401 without that challenge is a matter of the service.
 */
export function refusesToken(
  status: number,
  headers: UpstreamHeaders,
  { token, session, credential, isFresh }: RequestState,
): boolean {
  if (status !== 401 || token === undefined || isFresh) return false;
  if (session === undefined && credential === undefined) return false;
  const challenge = headers['www-authenticate'];
  return typeof challenge === 'string' && /^bearer(?:\s|$)/i.test(challenge);
}

/**
 * Decides anew on a request whose token was refused, with the session or credential as the store has it. A person whose rights change
 * is not signed out by it: where the session lives on in another generation, what changes nothing is asked again, and
 * what may have changed something is answered 503.
 */
export async function thinkAgain(forwarding: Forwarding): Promise<SecondThought> {
  const sent = forwarding.state.token;
  const route = await forwarding.decideAgain(true);
  if (route === undefined) return { kind: 'answered' };
  const { token } = forwarding.state;
  if (token === undefined || sent === undefined || isSameGeneration(sent.claims.gen, token.claims.gen))
    return { kind: 'pass' };
  const request = requestOf(forwarding.state);
  if (isSafe(request) && !request.headers.hasBody) return { kind: 'again', route };
  forwarding.fail(new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'authority-changed', retryAfterSeconds: 1 }));
  return { kind: 'answered' };
}

interface GenerationClaim {
  readonly s: number;
  readonly u: number;
  readonly p: number;
}

function isSameGeneration(one: GenerationClaim, other: GenerationClaim): boolean {
  return one.s === other.s && one.u === other.u && one.p === other.p;
}
