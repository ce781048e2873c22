import {
  SallyportError,
  verifyDpopProof,
  type AuthenticatedCaller,
  type DpopNonces,
  type ErrorCode,
  type PresentedCredential,
} from '@sallyport/core';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import { endingWith } from './certificate-authenticator.ts';
import type { RequestAuthenticationOutcome } from './request-authenticator.ts';
import type { UsedProofs } from './used-proofs.ts';

export interface ProofOfPossessionParts {
  /** Where proofs need a nonce of this server. */
  readonly dpopNonces: DpopNonces | undefined;
  readonly usedProofs: UsedProofs;
  /** Origins of this gateway, as the configuration says. */
  readonly publicOrigins: ReadonlySet<string>;
  /** The origin that machines call; `undefined` where the configuration does not say it. */
  readonly machineOrigin: string | undefined;
}

/** How a credential came, and what it was. */
export interface PresentedToken {
  readonly presented: PresentedCredential;
  /** As its authenticator recognized it. */
  readonly credential: string;
}

/**
 * Demands the proof that a credential is bound to, on every request: what is remembered is who its caller is, and never that
 * they proved it. A credential that is bound counts for nothing without its proof, and one that is not bound for nothing
 * under the scheme that says so, and beside the certificate of a machine, which may be that of another caller.
 */
export type DemandProof = (
  state: RequestState,
  token: PresentedToken,
  found: RequestAuthenticationOutcome,
) => RequestAuthenticationOutcome | Promise<RequestAuthenticationOutcome>;

const dpopScheme = /^dpop /i;

/** Builds the check. */
export function createProofOfPossession(parts: ProofOfPossessionParts): DemandProof {
  const machineOrigins = new Set(parts.machineOrigin === undefined ? [] : [parts.machineOrigin]);

  return (state, token, found) => {
    if (found.kind !== 'authenticated' || found.credential === undefined) return found;
    const { caller } = found.credential;
    const { confirmation } = caller;
    const isDpop = token.presented.header === 'authorization' && dpopScheme.test(token.presented.value);
    if (confirmation === undefined) {
      if (isDpop) return refused('SP_TOKEN_INVALID', 'dpop-token-not-bound');
      return state.listener === 'machine' ? refused('SP_TOKEN_INVALID', 'token-not-bound-to-certificate') : found;
    }
    const proved = 'x5tS256' in confirmation ? judgeCertificate(state, confirmation.x5tS256, found) : found;
    if (proved.kind !== 'authenticated') return proved;
    if (!('jkt' in confirmation)) return isDpop ? refused('SP_TOKEN_INVALID', 'dpop-token-not-bound') : proved;
    // RFC 9449, section 7.2: a thief without the key would leave the proof out.
    if (!isDpop) return refused('SP_DPOP_PROOF_REQUIRED', 'dpop-token-as-bearer');
    const origins = state.listener === 'machine' ? machineOrigins : parts.publicOrigins;
    const judged = judgeProof(state, { ...token, caller, jkt: confirmation.jkt, origins }, parts);
    return judged.then((refusal) => refusal ?? proved);
  };
}

/** RFC 8705, section 3: the certificate of this very connection, which is there at the listener for machines alone. */
function judgeCertificate(
  { certificate }: RequestState,
  thumbprint: string,
  found: RequestAuthenticationOutcome,
): RequestAuthenticationOutcome {
  if (certificate === undefined) return refused('SP_TOKEN_INVALID', 'token-bound-to-certificate');
  if (certificate.thumbprint !== thumbprint) return refused('SP_TOKEN_INVALID', 'token-of-another-certificate');
  return endingWith(found, certificate);
}

/** A token that is bound to a key. */
interface BoundToken extends PresentedToken {
  readonly caller: AuthenticatedCaller;
  readonly jkt: string;
  /** Of the listener that it was presented at. */
  readonly origins: ReadonlySet<string>;
}

async function judgeProof(
  state: RequestState,
  { credential: accessToken, caller: { principal }, jkt, origins }: BoundToken,
  { usedProofs, dpopNonces }: ProofOfPossessionParts,
): Promise<RequestAuthenticationOutcome | undefined> {
  const { headers, method, rawPath } = requestOf(state);
  if (headers.dpopProof === undefined) return refused('SP_DPOP_PROOF_REQUIRED', 'dpop-proof-missing');
  const isGivenOut = dpopNonces === undefined ? undefined : (nonce: string) => dpopNonces.isGivenOut(nonce);
  const target = { method, origins, path: rawPath, accessToken, at: state.at, isGivenOut };
  const proof = await verifyDpopProof(headers.dpopProof, target);
  if (proof.kind === 'nonce-required') return nonceRequired(proof.reason, dpopNonces);
  if (proof.kind !== 'valid') return refused('SP_DPOP_PROOF_INVALID', proof.reason);
  if (proof.jkt !== jkt) return refused('SP_DPOP_PROOF_INVALID', 'dpop-proof-of-another-key');
  // A request that is decided on again is the same one, whose proof was used up for it.
  if (state.isRepeated) return undefined;
  if (await usedProofs.use(proof, principal.id)) return undefined;
  return refused('SP_DPOP_PROOF_INVALID', 'dpop-proof-replayed');
}

function nonceRequired(reason: string, nonces: DpopNonces | undefined): RequestAuthenticationOutcome {
  const given = nonces === undefined ? {} : { dpopNonce: nonces.current() };
  return { kind: 'rejected', error: new SallyportError('SP_DPOP_NONCE_REQUIRED', { reason, ...given }) };
}

function refused(code: ErrorCode, reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError(code, { reason }) };
}
