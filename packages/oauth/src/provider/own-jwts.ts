import { errors, jwtVerify } from 'jose';
import {
  createLeastRecentlyUsed,
  createRingKeySource,
  type ProtectedResource,
  type AuthenticationOutcome,
  type KeyRing,
} from '@sallyport/core';
import * as z from 'zod';
import { accessTokenClaimsSchema, type AccessTokenClaims } from './access-token-claims.ts';

export interface OwnJwtsParts {
  readonly keyRing: Pick<KeyRing, 'publicKeys'>;
  /** Issuer of the tokens, and the audience of those that the gateway takes. */
  readonly publicOrigin: string;
  /** Routes that are audiences of their own, as they are now. */
  readonly protectedResources: () => readonly ProtectedResource[];
  readonly now: () => Date;
}

/** Why a token is worth nothing at the gateway. */
export type RefusedJwt = Extract<AuthenticationOutcome, { readonly kind: 'rejected' }>;

const foreignSchema = accessTokenClaimsSchema
  .omit({ sub_type: true, sid: true, grant: true })
  .extend({ jti: z.string().min(1), sign_in: z.string().min(1) });

/** The claims of an access token of a user for another resource. */
export type ForeignClaims = z.output<typeof foreignSchema>;

/** Access tokens of the provider that are JWTs (RFC 9068). */
export interface OwnJwts {
  /** The token of an `Authorization` header that has the head of one of ours; nothing is verified. */
  readonly recognize: (authorization: string) => string | undefined;
  /** What a token that was recognized says, or why it is worth nothing. */
  readonly verify: (token: string) => Promise<AccessTokenClaims | RefusedJwt>;
  /** What a token for another resource says: that one judges it, by its signature alone. */
  readonly readForeign: (text: string) => Promise<ForeignClaims | RefusedJwt>;
  /** Whether a text is one that is good elsewhere: it is judged there, by its signature alone. */
  readonly isForAnotherResource: (text: string) => Promise<boolean>;
}

/** More than there are keys. */
const rememberedHeads = 100;
/** `Bearer`, or `DPoP` for a token that is bound to a key (RFC 9449, section 7.1), and three parts. */
const jwtForm = /^(?:bearer|dpop) +(([\w-]+)\.[\w-]+\.[\w-]+)$/i;
const anotherAudience = 'made-for-another-audience';

/** Builds their verification with the keys of their own use. */
export function createOwnJwts({ keyRing, publicOrigin, protectedResources, now }: OwnJwtsParts): OwnJwts {
  const keys = createRingKeySource(keyRing, 'oidc');
  const headers = createHeaderMemory(keyRing);

  const recognize = (authorization: string): string | undefined => {
    const [, token, head = ''] = jwtForm.exec(authorization) ?? [];
    return headers.has(head) ? token : undefined;
  };
  const verifyFor = async <Claims>(
    audience: string[] | undefined,
    schema: z.ZodType<Claims>,
    token: string,
  ): Promise<Claims | RefusedJwt> => {
    try {
      const { payload } = await jwtVerify(token, keys.getKey, {
        issuer: publicOrigin,
        ...(audience === undefined ? {} : { audience }),
        typ: 'at+jwt',
        algorithms: ['ES256', 'EdDSA', 'Ed25519', 'RS256'],
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        currentDate: now(),
      });
      const parsed = schema.safeParse(payload);
      return parsed.success ? parsed.data : rejected('not-a-token-of-the-provider');
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        return { kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' };
      if (!(error instanceof errors.JOSEError)) throw error;
      const isForAnother = error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud';
      return rejected(isForAnother ? anotherAudience : 'not-a-token-of-the-provider');
    }
  };

  const verify: OwnJwts['verify'] = (token) =>
    verifyFor([publicOrigin, ...protectedResources().map(({ resource }) => resource)], accessTokenClaimsSchema, token);

  return {
    recognize,
    verify,
    async readForeign(text) {
      const token = recognize(`Bearer ${text}`);
      return token === undefined ? rejected('not-a-token-of-the-provider') : verifyFor(undefined, foreignSchema, token);
    },
    async isForAnotherResource(text) {
      const token = recognize(`Bearer ${text}`);
      const verified = token === undefined ? undefined : await verify(token);
      return verified !== undefined && 'kind' in verified && verified.reason === anotherAudience;
    },
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

function rejected(reason: string): RefusedJwt {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
