import type { AuthenticationOutcome, Authenticator, KeyRing, ProtectedResource } from '@sallyport/core';
import { accessTokenClaimsSchema, type AccessTokenClaims } from './access-token-claims.ts';
import {
  createAccessTokenJudge,
  parseHandle,
  type AccessTokenJudge,
  type AccessTokenJudgeParts,
} from './access-token-judge.ts';
import type { ArtifactName, Artifacts } from './artifacts.ts';
import { delegationNameOf } from './delegations.ts';
import { createOwnJwts, type OwnJwts } from './own-jwts.ts';
import { formOfToken } from './provider-tokens.ts';

export interface OAuthAuthenticatorParts extends Omit<AccessTokenJudgeParts, 'credential'> {
  readonly accessTokens: 'jwt' | 'opaque';
  readonly keyRing: Pick<KeyRing, 'publicKeys'>;
  readonly artifacts: Artifacts;
  /** Issuer of the tokens, and the audience of those that the gateway takes. */
  readonly publicOrigin: string;
  /** Routes that are audiences of their own, as they are now. */
  readonly protectedResources: () => readonly ProtectedResource[];
}

/** Recognizes access tokens of the provider, and reads what they say. */
export interface OAuthAuthenticator {
  readonly authenticator: Authenticator;
  /** What a token says that is good by itself; `undefined` for every other text. */
  readonly readClaims: (token: string) => Promise<AccessTokenClaims | undefined>;
  /** Whether a text is a token of the provider that another resource judges, by its signature alone. */
  readonly isForAnotherResource: OwnJwts['isForAnotherResource'];
  /** What a token of the provider for another resource says. */
  readonly readForeign: OwnJwts['readForeign'];
  /** Judges claims that are known to be ours, as things are now. */
  readonly judge: AccessTokenJudge['judge'];
}

const opaqueForm = /^(?:bearer|dpop) +(sp_at_[\w-]+)$/i;

/**
 * Builds what recognizes access tokens of the provider at the gateway: those that were asked for with the public URL as
 * their resource (RFC 8707), or one of its routes that is a resource of its own. A token for another resource is refused, and so is one without: it is for userinfo alone.
 */
export function createOAuthAuthenticator(parts: OAuthAuthenticatorParts): OAuthAuthenticator {
  // Tokens for other resources are JWTs in any case.
  const ownJwts = createOwnJwts(parts);
  const { isForAnotherResource, readForeign } = ownJwts;
  const made = parts.accessTokens === 'jwt' ? createJwtAuthenticator(parts, ownJwts) : createOpaqueAuthenticator(parts);
  return { ...made, isForAnotherResource, readForeign };
}

type BuiltAuthenticator = Omit<OAuthAuthenticator, 'isForAnotherResource' | 'readForeign'>;

function createJwtAuthenticator(parts: OAuthAuthenticatorParts, { recognize, verify }: OwnJwts): BuiltAuthenticator {
  const { judge, judgeAgain } = createAccessTokenJudge({ ...parts, credential: 'bearer' });
  return {
    judge,
    authenticator: {
      kind: 'bearer',
      alwaysReadsStore: true,
      recognize: ({ header, value }) => (header === 'authorization' ? recognize(value) : undefined),
      async authenticate(token) {
        const verified = await verify(token);
        return 'kind' in verified ? verified : judge(verified);
      },
      recheck: judgeAgain,
      recordUse: (credentialId, at) => recordUse(parts, credentialId, at),
    },
    async readClaims(text) {
      const token = recognize(`Bearer ${text}`);
      const verified = token === undefined ? undefined : await verify(token);
      return verified === undefined || 'kind' in verified ? undefined : verified;
    },
  };
}

function createOpaqueAuthenticator(parts: OAuthAuthenticatorParts): BuiltAuthenticator {
  const { artifacts, publicOrigin, protectedResources } = parts;
  const { judge, judgeAgain } = createAccessTokenJudge({ ...parts, credential: 'opaque' });
  const readClaims = async (token: string): Promise<AccessTokenClaims | undefined> => {
    if (formOfToken(token) !== 'access-token') return undefined;
    const stored =
      (await artifacts.find({ kind: 'AccessToken', id: token })) ??
      (await artifacts.find({ kind: 'ClientCredentials', id: token }));
    if (stored === null) return undefined;
    const { aud } = stored.payload;
    if (aud !== publicOrigin && !protectedResources().some(({ resource }) => resource === aud)) return undefined;
    const { accountId, clientId, extra, jkt, 'x5t#S256': certificate, ...payload } = stored.payload;
    const isBound = jkt !== undefined || certificate !== undefined;
    const claims = {
      ...payload,
      ...(extra as object), // An object where it is there.
      sub: accountId ?? clientId,
      client_id: clientId,
      ...(isBound ? { cnf: { jkt, 'x5t#S256': certificate } } : {}),
    };
    return accessTokenClaimsSchema.safeParse(claims).data;
  };

  return {
    judge,
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
      recordUse: (credentialId, at) => recordUse(parts, credentialId, at),
    },
    readClaims,
  };
}

/** For users, who look when a client acted for them last. */
async function recordUse({ artifacts }: OAuthAuthenticatorParts, credentialId: string, at: Date): Promise<void> {
  const { grant, act } = parseHandle(credentialId) ?? {};
  if (grant === undefined) return;
  const used: ArtifactName = { kind: 'Grant', id: grant };
  await artifacts.recordUse(used, at);
  if (act !== undefined) await artifacts.recordUse(delegationNameOf(grant, act.sub), at);
}

function rejected(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
