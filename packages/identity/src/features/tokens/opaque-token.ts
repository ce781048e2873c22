import { randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCheckedToken, toCheckedToken, type Sealer } from '@sallyport/core';

/** An opaque access token that was issued here, whatever became of its sign-in. */
export interface OpaqueToken {
  /** The family: the `sid` of its session. */
  readonly family: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The form of opaque access tokens: nothing here reads a store, and nothing of a token is stored. */
export interface OpaqueTokens {
  /** Makes a token for a sign-in. */
  issue(token: OpaqueToken): string;
  /**
   * Reads a token: one that was not issued here, or was changed, costs no look-up. `undefined` for those.
   * @param text as it was presented, of any length.
   */
  read(text: string): OpaqueToken | undefined;
}

/** What an opaque access token begins with, and no other secret. */
export const opaqueTokenPrefix = 'sp_at_';

/** Family, end in base 36, random bytes, authentication code; without separators, so that a token has one spelling. */
const form = /^([A-Za-z0-9_-]{22})([0-9a-z]{7})([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{32})$/;
const tokenLength = opaqueTokenPrefix.length + 22 + 7 + 22 + 32 + 6;
/** 128 bits, so that two tokens of one second differ. */
const randomLength = 16;
/** 192 bits. */
const codeLength = 32;

/** The purpose of the sealer. */
export const opaqueTokenPurpose = 'opaque-access-token';

/**
 * Builds the form of opaque access tokens: which sign-in one is of and when it ends, under an authentication code, as a
 * refresh token is written. A copy of the database holds nothing of which a token could be made, and no row is written
 * for one: what it is worth is what its session is worth when it is looked up.
 */
export function createOpaqueTokens(sealer: Sealer): OpaqueTokens {
  const codesOf = (family: string, end: string, random: string): readonly string[] =>
    sealer.hashes(`access ${family} ${end} ${random}`).map((code) => code.slice(0, codeLength));

  return {
    issue({ family, expiresAt }) {
      const end = expiresAt.toString(36).padStart(7, '0');
      const random = randomBytes(randomLength).toString('base64url');
      const [code = ''] = codesOf(family, end, random);
      return toCheckedToken(opaqueTokenPrefix, family + end + random + code);
    },
    read(text) {
      if (text.length !== tokenLength) return undefined;
      const [, family, end, random, code] = form.exec(parseCheckedToken(opaqueTokenPrefix, text) ?? '') ?? [];
      if (family === undefined || end === undefined || random === undefined || code === undefined) return undefined;
      const isIssued = codesOf(family, end, random).some((own) => timingSafeEqual(Buffer.from(own), Buffer.from(code)));
      return isIssued ? { family, expiresAt: Number.parseInt(end, 36) } : undefined;
    },
  };
}

/** Whether a text has the beginning and the length of an opaque access token: asked of every request, so that it computes nothing. */
export function hasOpaqueTokenForm(text: string): boolean {
  return text.length === tokenLength && text.startsWith(opaqueTokenPrefix);
}
