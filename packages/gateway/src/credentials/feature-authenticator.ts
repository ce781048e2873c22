import { maximumTokenLength, SallyportError, type Authenticator, type PresentedCredential } from '@sallyport/core';
import { requestOf, routeOf, type RequestState } from '../pipeline/request-state.ts';
import { createCredentialFinder, type CredentialFinderParts } from './credential-finder.ts';
import { createProofOfPossession, type ProofOfPossessionParts } from './proof-of-possession.ts';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';

export interface FeatureAuthenticatorParts extends CredentialFinderParts, ProofOfPossessionParts {}

/**
 * Recognizes the credential of a feature in requests to routes: only on those that open its kind, no oversized one, and none
 * that is bound to a key without a proof of that key.
 */
export function createFeatureAuthenticator(
  authenticator: Authenticator,
  parts: FeatureAuthenticatorParts,
): RequestAuthenticator {
  const { kind } = authenticator;
  const find = createCredentialFinder(authenticator, parts);
  const demandProof = createProofOfPossession(parts);

  return {
    authenticate: (state) => {
      const presented = presentedIn(state);
      const credential = presented === undefined ? undefined : authenticator.recognize(presented);
      if (presented === undefined || credential === undefined) return notApplicable;
      if (!routeOf(state).credentials.has(kind)) return refused('credential-not-accepted');
      if (credential.length > maximumTokenLength) return refused('credential-too-long');
      const token = { presented, credential };
      const settle = (outcome: RequestAuthenticationOutcome) =>
        demandProof(state, token, requireOwnResource(state, outcome));
      const found = find(state, credential, routeOf(state).fresh || state.isFresh);
      return found instanceof Promise ? found.then(settle) : settle(found);
    },
  };
}

/**
 * A token is good where it was made for alone (RFC 8707): one for a protected resource at that one, all others everywhere
 * else. Asked on every request, also of a caller who is remembered.
 */
function requireOwnResource(state: RequestState, outcome: RequestAuthenticationOutcome): RequestAuthenticationOutcome {
  if (outcome.kind !== 'authenticated') return outcome;
  if (outcome.credential?.caller.resource === routeOf(state).resource?.resource) return outcome;
  return {
    kind: 'rejected',
    error: new SallyportError('SP_TOKEN_INVALID', { reason: 'made-for-another-resource' }),
  };
}

function presentedIn(state: RequestState): PresentedCredential | undefined {
  const { authorization, credentialHeader } = requestOf(state).headers;
  return authorization === undefined ? credentialHeader : { header: 'authorization', value: authorization };
}

function refused(reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError('SP_UNAUTHENTICATED', { reason }) };
}
