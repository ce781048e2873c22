import type { Sealer } from '@sallyport/core';
import * as z from 'zod';

/** The purpose of their sealer. */
export const signInPurpose = 'oauth-sign-in';

/** Which sign-in a token comes from. */
export interface TokenSignIn {
  readonly sid: string;
  readonly grant: string;
}

/**
 * The sign-in behind a token for another resource, sealed into it: the resource learns nothing, two tokens of one sign-in look
 * like two, and when the token comes back in a token exchange it is known what it lives by.
 */
export interface SealedSignIns {
  seal(signIn: TokenSignIn, tokenId: string): string;
  /** `undefined` for a text that was sealed for another token, or by another deployment. */
  open(sealed: string, tokenId: string): TokenSignIn | undefined;
}

const schema = z.strictObject({ sid: z.string().min(1), grant: z.string().min(1) });

/** Builds it. `sealer` is for the purpose of sign-ins. */
export function createSealedSignIns(sealer: Sealer): SealedSignIns {
  return {
    seal: ({ sid, grant }, tokenId) => sealer.seal(JSON.stringify({ sid, grant }), tokenId),
    open(sealed, tokenId) {
      try {
        return schema.parse(JSON.parse(sealer.open(sealed, tokenId)));
      } catch {
        return undefined;
      }
    },
  };
}
