import {
  freezePrincipal,
  maximumTokenLength,
  SallyportError,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Authenticator,
  type PresentedCredential,
} from '@sallyport/core';
import { requestOf, routeOf, type RequestState } from '../pipeline/request-state.ts';
import { readTimeoutMilliseconds, readWithin } from '../read-within.ts';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';

/** Reads of credentials that may be in flight at once; a flood beyond that is refused instead of queued. */
const maximumReads = 1000;

/**
 * Puts the authenticator of a feature behind the rules that hold for all of them: only on routes that open its kind, no
 * oversized credential, no caller beyond its expiry, and 503 for whatever cannot be found out.
 */
export function createFeatureAuthenticator(authenticator: Authenticator): RequestAuthenticator {
  const { kind } = authenticator;
  let readsInFlight = 0;

  const recheck = async (credentialId: string): Promise<AuthenticatedCaller | null> => {
    const read = (): Promise<AuthenticatedCaller | null> => authenticator.recheck(credentialId);
    const caller = await readWithin('credential', read, readTimeoutMilliseconds);
    if (caller !== null) requireSound(caller, kind);
    return caller;
  };
  const toRequestOutcome = (state: RequestState, outcome: AuthenticationOutcome): RequestAuthenticationOutcome => {
    if (outcome.kind === 'rejected') return rejected(new SallyportError(outcome.code, { reason: outcome.reason }));
    const { caller } = outcome;
    requireSound(caller, kind);
    if (caller.expiresAt !== undefined && caller.expiresAt.getTime() <= state.at) return refused('credential-expired');
    const { principal, credentialId } = caller;
    return {
      kind: 'authenticated',
      caller: principal,
      session: undefined,
      credential: { kind, caller, recheck: () => recheck(credentialId) },
      isHit: undefined,
    };
  };
  const find = async (state: RequestState, credential: string): Promise<RequestAuthenticationOutcome> => {
    readsInFlight++;
    try {
      const read = (): ReturnType<Authenticator['authenticate']> => authenticator.authenticate(credential);
      return toRequestOutcome(state, await readWithin('credential', read, readTimeoutMilliseconds));
    } finally {
      readsInFlight--;
    }
  };

  return {
    authenticate: (state) => {
      const presented = presentedIn(state);
      const credential = presented === undefined ? undefined : authenticator.recognize(presented);
      if (credential === undefined) return notApplicable;
      if (!routeOf(state).credentials.has(kind)) return refused('credential-not-accepted');
      if (credential.length > maximumTokenLength) return refused('credential-too-long');
      if (readsInFlight >= maximumReads) {
        throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'too-many-credential-reads' });
      }
      return find(state, credential);
    },
  };
}

function presentedIn(state: RequestState): PresentedCredential | undefined {
  const { authorization, credentialHeader } = requestOf(state).headers;
  return authorization === undefined ? credentialHeader : { header: 'authorization', value: authorization };
}

/** Routes open kinds, and services are told the kind: an authenticator that says another one is a bug. */
function requireSound({ principal }: AuthenticatedCaller, kind: Authenticator['kind']): void {
  if (principal.credential !== kind)
    throw new TypeError(`the authenticator of ${kind} made a caller by ${principal.credential}`);
  if (!Object.isFrozen(principal)) freezePrincipal(principal);
}

function refused(reason: string): RequestAuthenticationOutcome {
  return rejected(new SallyportError('SP_UNAUTHENTICATED', { reason }));
}

function rejected(error: SallyportError): RequestAuthenticationOutcome {
  return { kind: 'rejected', error };
}
