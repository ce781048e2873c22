import { randomBytes } from 'node:crypto';
import type Provider from 'oidc-provider';
import { parseCheckedToken, toCheckedToken } from '@sallyport/core';

const accessTokenPrefix = 'sp_at_';
const refreshTokenPrefix = 'sp_rt_';
/** 256 bits in base64url, and a checksum of six characters. First-party tokens are longer. */
const bodyLength = 43;
const tokenLength = accessTokenPrefix.length + bodyLength + 6;

/** What a text is by its form: nothing is looked up. */
export type TokenForm = 'access-token' | 'refresh-token';

/** Recognizes an opaque token of the provider, by its prefix, its length and its checksum. */
export function formOfToken(text: string): TokenForm | undefined {
  if (text.length !== tokenLength) return undefined;
  if (parseCheckedToken(accessTokenPrefix, text) !== undefined) return 'access-token';
  return parseCheckedToken(refreshTokenPrefix, text) === undefined ? undefined : 'refresh-token';
}

/** What the library makes the id of a token with. It decides on the form of an access token as well. */
interface TokenMaker {
  readonly format?: string;
  readonly generateTokenId: (this: TokenMaker) => string;
}

/** Makes the tokens of the library have our form, so that a scanner of secrets knows them. */
export function formTokens({ AccessToken, ClientCredentials, RefreshToken }: Provider): void {
  const models: readonly { readonly prototype: unknown }[] = [AccessToken, ClientCredentials];
  for (const { prototype } of models) {
    const { generateTokenId } = prototype as TokenMaker; // A method of each model that has an id of its own.
    Object.assign(prototype as TokenMaker, {
      generateTokenId(this: TokenMaker) {
        const id = generateTokenId.call(this);
        return this.format === 'opaque' ? newToken(accessTokenPrefix) : id;
      },
    });
  }
  Object.assign(RefreshToken.prototype, { generateTokenId: () => newToken(refreshTokenPrefix) });
}

function newToken(prefix: string): string {
  return toCheckedToken(prefix, randomBytes(32).toString('base64url'));
}
