import { SallyportError, type AuthenticatedCaller, type Authenticator } from '@sallyport/core';
import type { RequestState } from '../pipeline/request-state.ts';
import { readTimeoutMilliseconds, readWithin } from '../read-within.ts';
import { createCredentialKeys } from '../sessions/credential-keys.ts';
import {
  requireSoundCaller,
  type CredentialCache,
  type FoundCredential,
  type KnownCredential,
} from './credential-cache.ts';
import type { RecordCredentialUse } from './credential-use.ts';
import type { RequestAuthenticationOutcome } from './request-authenticator.ts';

export interface CredentialFinderParts {
  readonly credentialCache: CredentialCache;
  readonly recordUse: RecordCredentialUse;
}

/**
 * Finds out who presents a credential that was recognized: remembered, or from its authenticator. Never `not-applicable`.
 *
 * @throws or rejects with `SP_STORE_UNAVAILABLE` when that cannot be found out.
 */
export type FindCredential = (
  state: RequestState,
  credential: string,
  isFresh: boolean,
) => RequestAuthenticationOutcome | Promise<RequestAuthenticationOutcome>;

/**
 * Puts the authenticator of a feature behind the rules that hold for all of them, wherever a credential is presented: one
 * look-up for as long as nothing ends it, no caller beyond its expiry, and 503 for whatever cannot be found out.
 */
export function createCredentialFinder(
  authenticator: Authenticator,
  { credentialCache, recordUse }: CredentialFinderParts,
): FindCredential {
  const { kind } = authenticator;
  const keyOf = createCredentialKeys(kind);

  const recheck = async (credentialId: string): Promise<AuthenticatedCaller | null> => {
    const read = (): Promise<AuthenticatedCaller | null> => authenticator.recheck(credentialId);
    const caller = await readWithin('credential', read, readTimeoutMilliseconds);
    if (caller !== null) requireSoundCaller(caller, kind);
    return caller;
  };
  const read = async (credential: string, isFresh: boolean): Promise<FoundCredential> => {
    const found = await authenticator.authenticate(credential);
    if (found.kind === 'rejected') return found;
    // Whatever the authenticator remembers or takes from the credential itself: the store is asked.
    const mustRecheck = isFresh && authenticator.alwaysReadsStore !== true;
    const caller = mustRecheck ? await recheck(found.caller.credentialId) : found.caller;
    if (caller === null) return { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'credential-ended' };
    return toKnown(kind, caller, recheck);
  };
  const toOutcome = (state: RequestState, found: FoundCredential): RequestAuthenticationOutcome => {
    if (found.kind === 'rejected') return rejected(new SallyportError(found.code, { reason: found.reason }));
    const { expiresAt } = found.caller;
    if (expiresAt !== undefined && expiresAt.getTime() <= state.at) return rejected(expiredError(kind));
    recordUse(authenticator, found, state.at);
    return found.outcome;
  };

  return (state, credential, isFresh) => {
    const found = credentialCache.find({
      key: keyOf(credential, state.message.socket),
      isFresh,
      read: () => read(credential, isFresh),
    });
    return found instanceof Promise ? found.then((later) => toOutcome(state, later)) : toOutcome(state, found);
  };
}

/** No token that is made for the caller lives longer than the credential does: `notAfter`, to the second. */
function toKnown(
  kind: Authenticator['kind'],
  caller: AuthenticatedCaller,
  recheck: (credentialId: string) => Promise<AuthenticatedCaller | null>,
): KnownCredential {
  const { principal, credentialId, expiresAt } = caller;
  const credential = { kind, caller, recheck: () => recheck(credentialId) };
  return {
    kind: 'authenticated',
    caller,
    credential,
    outcome: {
      kind: 'authenticated',
      caller: principal,
      session: undefined,
      credential,
      isHit: undefined,
      ...(expiresAt === undefined ? {} : { notAfter: Math.ceil(expiresAt.getTime() / 1000) }),
    },
    useRecordedAt: -Infinity,
  };
}

/** What is refreshed says so: RFC 6750, section 3.1, `invalid_token`. */
function expiredError(kind: Authenticator['kind']): SallyportError {
  const code = kind === 'bearer' || kind === 'opaque' ? 'SP_TOKEN_EXPIRED' : 'SP_UNAUTHENTICATED';
  return new SallyportError(code, { reason: 'credential-expired' });
}

function rejected(error: SallyportError): RequestAuthenticationOutcome {
  return { kind: 'rejected', error };
}
