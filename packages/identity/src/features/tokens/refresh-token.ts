import { randomBytes, timingSafeEqual } from 'node:crypto';
import { parseCheckedToken, toCheckedToken, type Sealer } from '@sallyport/core';

/** A refresh token that was issued here, whatever became of it. */
export interface RefreshToken {
  /** The family: the `sid` of its session. */
  readonly family: string;
  /** Its place in the family; the first is 0. */
  readonly number: number;
  readonly text: string;
}

/** The form of refresh tokens: nothing here reads a store. */
export interface RefreshTokens {
  /** Makes the first token of a family, from 256 random bits. */
  first(family: string): RefreshToken;
  /**
   * Reads a token: one that was not issued here, or was changed, costs no look-up. `undefined` for those.
   * @param text as it was presented, of any length.
   */
  read(text: string): RefreshToken | undefined;
  /**
   * The token that follows: always the same for the same token, though it is kept nowhere. One for each version of the root
   * secret, the one that writes first.
   */
  successorsOf(token: RefreshToken): readonly RefreshToken[];
  /** What is stored of a token. */
  hash(token: RefreshToken): string;
  /** What may be stored of it, under any version of the root secret. */
  hashes(token: RefreshToken): readonly string[];
}

const prefix = 'sp_rt_';
/** Family, number in base 36, secret, authentication code; without separators, so that a token has one spelling. */
const form = /^([A-Za-z0-9_-]{22})([0-9a-z]{6})([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{32})$/;
const tokenLength = prefix.length + 22 + 6 + 43 + 32 + 6;
/** 192 bits. */
const codeLength = 32;

/** The purpose of the sealer. */
export const refreshTokenPurpose = 'refresh-token';

/**
 * Builds the form of refresh tokens.
 *
 * A token says which family it is of and which place it has there, under an authentication code. So a token that was used
 * long ago is recognized as what it is, and one that is made up, whose family a reader of a log could know, is not: it ends
 * no sign-in.
 */
export function createRefreshTokens(sealer: Sealer): RefreshTokens {
  const write = (family: string, number: number, secret: string, code: string): RefreshToken => {
    const body = family + number.toString(36).padStart(6, '0') + secret + code;
    return { family, number, text: toCheckedToken(prefix, body) };
  };
  const codesOf = (family: string, number: number, secret: string): readonly string[] =>
    sealer.hashes(`code ${family} ${number} ${secret}`).map((code) => code.slice(0, codeLength));

  return {
    first(family) {
      const secret = randomBytes(32).toString('base64url');
      return write(family, 0, secret, codesOf(family, 0, secret)[0] ?? '');
    },
    read(text) {
      if (text.length !== tokenLength) return undefined;
      const [, family, digits, secret, code] = form.exec(parseCheckedToken(prefix, text) ?? '') ?? [];
      if (family === undefined || digits === undefined || secret === undefined || code === undefined) return undefined;
      const number = Number.parseInt(digits, 36);
      return codesOf(family, number, secret).some((own) => isSame(own, code)) ? { family, number, text } : undefined;
    },
    successorsOf({ family, number, text }) {
      const next = number + 1;
      return sealer.hashes(`successor ${family} ${next} ${text}`).map((secret, version) => {
        // Made under one version as a whole, so that it is the same token however many versions there are by then.
        const code = codesOf(family, next, secret)[version] ?? '';
        return write(family, next, secret, code);
      });
    },
    hash: ({ text }) => sealer.hash(`token ${text}`),
    hashes: ({ text }) => sealer.hashes(`token ${text}`),
  };
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
