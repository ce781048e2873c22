import type { Sealer } from '../ports/sealing.ts';

/**
 * Proof that a request was written by a page that may read answers of this origin: bound to one session, and made anew
 * from its id each time, so that nothing is kept and nothing can be planted.
 */
export interface CsrfTokens {
  tokenFor(sid: string): string;
  /** Says whether this is the token of this session, in a time that does not depend on how much of it is right. */
  isTokenOf(sid: string, presented: string): boolean;
}

/** Header in which a client sends the token. A form of another site cannot set it, and a fetch must ask first (CORS). */
export const csrfHeader = 'x-sallyport-csrf';

/** What its HMACs are derived for. */
export const csrfSealingPurpose = 'csrf-token';

/** Builds the tokens: HMACs of session ids under a key of their own. Every accepted version of the root secret counts. */
export function createCsrfTokens(sealer: Sealer): CsrfTokens {
  return {
    tokenFor: (sid) => sealer.hash(sid),
    isTokenOf: (sid, presented) => {
      // Compared as HMACs of both: where those of a guess begin to differ reveals nothing of the guess.
      const blinded = sealer.hash(`compare ${presented}`);
      return sealer
        .hashes(sid)
        .reduce((isFound, token) => sealer.hash(`compare ${token}`) === blinded || isFound, false);
    },
  };
}
