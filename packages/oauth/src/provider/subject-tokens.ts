import type { TokenConfirmation, UserPrincipal } from '@sallyport/core';
import type { AccessTokenClaims } from './access-token-claims.ts';
import type { PresentedProof } from './exchange-proof.ts';
import type { OAuthAuthenticator } from './oauth-authenticator.ts';
import type { SealedSignIns } from './sealed-sign-ins.ts';

/** A token that is exchanged, judged as things are now. */
export interface SubjectToken {
  readonly claims: AccessTokenClaims & { readonly sid: string; readonly grant: string };
  /** Its user, with what is left of its permissions. */
  readonly user: UserPrincipal;
  /** The key that it is bound to: a client that presents it has to prove that it holds it. */
  readonly confirmation: TokenConfirmation | undefined;
}

/** Why a token is not exchanged, for the log: its client is told nothing of tokens that are not its own. */
export interface RefusedToken {
  readonly refusal: string;
}

/** Reads tokens that are presented for an exchange. */
export interface SubjectTokens {
  /** Of a user, for the gateway or for another resource. Whose it is, and whether its client may exchange it, is not asked. */
  read(text: string): Promise<SubjectToken | RefusedToken>;
  /** Whether a text is a token that a client got for itself (`client_credentials`). */
  isOfClient(text: string, clientId: string, proof: Pick<PresentedProof, 'confirms'>): Promise<boolean>;
}

export interface SubjectTokensParts extends Pick<OAuthAuthenticator, 'readClaims' | 'readForeign' | 'judge'> {
  readonly signIns: Pick<SealedSignIns, 'open'>;
}

/**
 * Builds it on the judgement that the gateway has of access tokens: what is refused there is not exchanged. First-party
 * tokens, internal tokens, ID tokens and refresh tokens are none of the provider's access tokens.
 */
export function createSubjectTokens(parts: SubjectTokensParts): SubjectTokens {
  const { readClaims, readForeign, judge, signIns } = parts;

  const readAny = async (text: string): Promise<AccessTokenClaims | RefusedToken> => {
    const own = await readClaims(text);
    if (own !== undefined) return own;
    const foreign = await readForeign(text);
    if ('kind' in foreign) return { refusal: foreign.reason };
    const { jti, sign_in, ...claims } = foreign;
    const signIn = signIns.open(sign_in, jti);
    if (signIn === undefined) return { refusal: 'not-a-token-of-the-provider' };
    return { ...claims, sub_type: 'user', ...signIn };
  };

  return {
    async read(text) {
      const found = await readAny(text);
      if ('refusal' in found) return found;
      const outcome = await judge(found);
      if (outcome.kind === 'rejected') return { refusal: outcome.reason };
      const { principal, confirmation } = outcome.caller;
      const { sid, grant } = found;
      if (principal.kind !== 'user' || sid === undefined || grant === undefined) return { refusal: 'not-of-a-user' };
      return { claims: { ...found, sid, grant }, user: principal, confirmation };
    },
    async isOfClient(text, clientId, proof) {
      const claims = await readClaims(text);
      if (claims?.client_id !== clientId || claims.sub_type !== 'service') return false;
      const outcome = await judge(claims);
      if (outcome.kind === 'rejected') return false;
      const { confirmation } = outcome.caller;
      return confirmation === undefined || proof.confirms(confirmation);
    },
  };
}
