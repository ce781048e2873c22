import { recordModels, type Records } from '@sallyport/core';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';

/** A family of refresh tokens as it is stored: which of its tokens is good. */
export interface TokenFamily {
  readonly family: string;
  readonly userId: string;
  readonly number: number;
  readonly tokenHash: string;
  readonly rotatedAt: Date;
}

/** What a token is to its family. */
export type TokenStanding =
  /** The one that is good. */
  | { readonly kind: 'current' }
  /** The one before, whose answer may have got lost: nothing was done yet with its successor. */
  | { readonly kind: 'retried'; readonly successor: RefreshToken }
  /** One that was used before: by its owner, or by a thief. */
  | { readonly kind: 'reused'; readonly behind: number }
  /** One that this store does not know of: it was put back to what it was some time ago. */
  | { readonly kind: 'ahead' };

/** A family to begin. */
export interface NewTokenFamily {
  readonly first: RefreshToken;
  readonly userId: string;
  readonly at: Date;
  readonly expiresAt: Date;
}

/** Where it is kept which token of a family is good. Rejects with `SP_STORE_UNAVAILABLE`. */
export interface TokenFamilies {
  begin(family: NewTokenFamily): Promise<void>;
  find(family: string): Promise<TokenFamily | null>;
  /** What a token is to its family. `isInGrace` says whether one that was rotated at a time may still be retried. */
  standingOf(token: RefreshToken, family: TokenFamily, isInGrace: (rotatedAt: Date) => boolean): TokenStanding;
  /**
   * Puts the successor in the place of a token that is the current one of its family, as that was read: one conditional
   * write on one row.
   *
   * @returns the successor, or `null` when the token is not the good one any more.
   */
  rotate(token: RefreshToken, read: TokenFamily, at: Date): Promise<RefreshToken | null>;
  /** Deletes the families of a user. Joins the transaction that it is called in. */
  forget(userId: string): Promise<void>;
}

const model = recordModels.tokenFamily;

/** Builds access to the table of families. */
export function createTokenFamilies(records: Records, tokens: RefreshTokens): TokenFamilies {
  const isStoredAs = (token: RefreshToken, { tokenHash }: TokenFamily): boolean =>
    tokens.hashes(token).includes(tokenHash);
  return {
    async begin({ first, userId, at, expiresAt }) {
      const { family, number } = first;
      await records.create({
        model,
        data: { family, userId, number, tokenHash: tokens.hash(first), rotatedAt: at, expiresAt },
      });
    },
    find: (family) => records.findOne<TokenFamily>({ model, where: [{ field: 'family', value: family }] }),
    standingOf(token, family, isInGrace) {
      const behind = family.number - token.number;
      if (behind < 0) return { kind: 'ahead' };
      if (behind === 0) return isStoredAs(token, family) ? { kind: 'current' } : { kind: 'reused', behind };
      if (behind === 1 && isInGrace(family.rotatedAt)) {
        const successor = tokens.successorsOf(token).find((candidate) => isStoredAs(candidate, family));
        if (successor !== undefined) return { kind: 'retried', successor };
      }
      return { kind: 'reused', behind };
    },
    async rotate(token, read, at) {
      const [successor] = tokens.successorsOf(token);
      if (successor === undefined) throw new TypeError('a sealer has at least one version');
      const count = await records.updateMany({
        model,
        where: [
          { field: 'family', value: token.family },
          { field: 'number', value: token.number },
          { field: 'tokenHash', value: read.tokenHash },
        ],
        update: { number: successor.number, tokenHash: tokens.hash(successor), rotatedAt: at },
      });
      return count === 1 ? successor : null;
    },
    async forget(userId) {
      await records.deleteMany({ model, where: [{ field: 'userId', value: userId }] });
    },
  };
}
