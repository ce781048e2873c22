import { errors, jwtVerify } from 'jose';
import {
  createLeastRecentlyUsed,
  createRingKeySource,
  type AuthenticationOutcome,
  type Authenticator,
  type KeyRing,
} from '@sallyport/core';
import { accessTokenClaimsSchema, type AccessTokenClaims } from './access-token-claims.ts';
import { createAccessTokenJudge, type AccessTokenJudgeParts } from './access-token-judge.ts';
import type { Artifacts } from './artifacts.ts';
import { formOfToken } from './provider-tokens.ts';

export interface OAuthAuthenticatorParts extends Omit<AccessTokenJudgeParts, 'credential'> {
  readonly accessTokens: 'jwt' | 'opaque';
  readonly keyRing: Pick<KeyRing, 'publicKeys'>;
  readonly artifacts: Artifacts;
  /** Issuer of the tokens, and the audience of those that the gateway takes. */
  readonly publicOrigin: string;
}

/** Recognizes access tokens of the provider, and reads what they say. */
export interface OAuthAuthenticator {
  readonly authenticator: Authenticator;
  /** What a token says that is good by itself; `undefined` for every other text. */
  readonly readClaims: (token: string) => Promise<AccessTokenClaims | undefined>;
}

/** More than there are keys. */
const rememberedHeads = 100;
/** `Bearer` and three parts. */
const jwtForm = /^bearer +(([\w-]+)\.[\w-]+\.[\w-]+)$/i;
const opaqueForm = /^bearer +(sp_at_[\w-]+)$/i;

/**
 * Builds what recognizes access tokens of the provider at the gateway: those that were asked for with the public URL as
 * their resource (RFC 8707). A token for another resource is refused, and so is one without: it is for userinfo alone.
 */
export function createOAuthAuthenticator(parts: OAuthAuthenticatorParts): OAuthAuthenticator {
  return parts.accessTokens === 'jwt' ? createJwtAuthenticator(parts) : createOpaqueAuthenticator(parts);
}

function createJwtAuthenticator(parts: OAuthAuthenticatorParts): OAuthAuthenticator {
  const { keyRing, publicOrigin, now } = parts;
  const { judge, judgeAgain } = createAccessTokenJudge({ ...parts, credential: 'bearer' });
  const keys = createRingKeySource(keyRing, 'oidc');
  const headers = createHeaderMemory(keyRing);

  const verify = async (token: string): Promise<AccessTokenClaims | AuthenticationOutcome> => {
    try {
      const { payload } = await jwtVerify(token, keys.getKey, {
        issuer: publicOrigin,
        audience: publicOrigin,
        typ: 'at+jwt',
        algorithms: ['ES256', 'EdDSA', 'Ed25519', 'RS256'],
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        currentDate: now(),
      });
      const parsed = accessTokenClaimsSchema.safeParse(payload);
      return parsed.success ? parsed.data : rejected('not-a-token-of-the-provider');
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        return { kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' };
      if (!(error instanceof errors.JOSEError)) throw error;
      const isForAnother = error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud';
      return rejected(isForAnother ? 'made-for-another-audience' : 'not-a-token-of-the-provider');
    }
  };

  return {
    authenticator: {
      kind: 'bearer',
      alwaysReadsStore: true,
      recognize({ header, value }) {
        if (header !== 'authorization') return undefined;
        const [, token, head = ''] = jwtForm.exec(value) ?? [];
        return headers.has(head) ? token : undefined;
      },
      async authenticate(token) {
        const verified = await verify(token);
        return 'kind' in verified ? verified : judge(verified);
      },
      recheck: judgeAgain,
    },
    async readClaims(token) {
      const [, , head = ''] = jwtForm.exec(`Bearer ${token}`) ?? [];
      const verified = headers.has(head) ? await verify(token) : undefined;
      return verified === undefined || 'kind' in verified ? undefined : verified;
    },
  };
}

function createOpaqueAuthenticator(parts: OAuthAuthenticatorParts): OAuthAuthenticator {
  const { artifacts, publicOrigin } = parts;
  const { judge, judgeAgain } = createAccessTokenJudge({ ...parts, credential: 'opaque' });
  const readClaims = async (token: string): Promise<AccessTokenClaims | undefined> => {
    if (formOfToken(token) !== 'access-token') return undefined;
    const stored =
      (await artifacts.find({ kind: 'AccessToken', id: token })) ??
      (await artifacts.find({ kind: 'ClientCredentials', id: token }));
    if (stored?.payload['aud'] !== publicOrigin) return undefined;
    const { accountId, clientId, extra, ...payload } = stored.payload;
    const claims = { ...payload, ...(extra as object), sub: accountId ?? clientId, client_id: clientId }; // An object where it is there.
    return accessTokenClaimsSchema.safeParse(claims).data;
  };

  return {
    authenticator: {
      kind: 'opaque',
      alwaysReadsStore: true,
      recognize({ header, value }) {
        const token = header === 'authorization' ? opaqueForm.exec(value)?.[1] : undefined;
        return token !== undefined && formOfToken(token) === 'access-token' ? token : undefined;
      },
      async authenticate(token) {
        const claims = await readClaims(token);
        return claims === undefined ? rejected('opaque-token-unknown') : judge(claims);
      },
      recheck: judgeAgain,
    },
    readClaims,
  };
}

/**
 * Tells tokens of the provider from first-party ones, which have the same form, issuer and audience: by their first part,
 * which holds nothing but the names of the algorithm and the key. So each token is verified once, with keys of its own use.
 */
function createHeaderMemory(keyRing: Pick<KeyRing, 'publicKeys'>): { has(head: string): boolean } {
  const remembered = createLeastRecentlyUsed<true>(rememberedHeads);
  let version = '';
  return {
    has(head) {
      const { keys } = keyRing.publicKeys('oidc');
      const kids = keys.map(({ kid }) => kid ?? '');
      if (version !== kids.join(' ')) {
        version = kids.join(' ');
        remembered.clear();
      }
      if (remembered.get(head) === true) return true;
      const isOurs = kids.includes(kidOf(head));
      // Of made-up texts none is remembered.
      if (isOurs) remembered.set(head, true);
      return isOurs;
    },
  };
}

function kidOf(head: string): string {
  if (head.length > 512) return '';
  try {
    const header: unknown = JSON.parse(Buffer.from(head, 'base64url').toString());
    const kid = typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
    return typeof kid === 'string' ? kid : '';
  } catch {
    return '';
  }
}

function rejected(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
