import {
  createLeastRecentlyUsed,
  createLocalKeySource,
  createTokenVerifier,
  freezePrincipal,
  internalIssuerPath,
  maximumTokenLength,
  parseBearerToken,
  SallyportError,
  type Actor,
  type KeyRing,
  type KeySource,
  type Principal,
  type TokenVerifier,
} from '@sallyport/core';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';
import { routeOf, requestOf } from '../pipeline/request-state.ts';
import type { CachedSession, SessionCache } from '../sessions/session-cache.ts';

export interface InternalTokenParts {
  readonly cache: SessionCache;
  readonly keyRing: KeyRing;
  readonly publicOrigin: string;
  /** Audiences of the configured routes: who may call. */
  readonly audiences: readonly string[];
  readonly now: () => Date;
}

/** A zone that calls a service that calls a service: more links than this is a loop. */
const longestActorChain = 4;

const rememberedCallers = 10_000;

/**
 * Recognizes the token that the gateway made for a zone or a service, when that one calls another for its user.
 *
 * The session behind the token must still live, under the very generations that the token was made with. The caller is
 * the user as the session says now, with the calling audience as actor: a call through a zone gains no authority.
 */
export function createInternalTokenAuthenticator(parts: InternalTokenParts): RequestAuthenticator {
  const { cache, audiences } = parts;
  const keys = parts.keyRing.sharedSecret?.keySource ?? createRingKeySource(parts.keyRing);
  const verifiers = new Map<string, TokenVerifier>(
    audiences.map((audience) => [
      audience,
      createTokenVerifier({ issuer: parts.publicOrigin + internalIssuerPath, audience, keys, now: parts.now }),
    ]),
  );
  // One object per session and chain of actors, so that its tokens are found again.
  const callers = createLeastRecentlyUsed<Principal>(rememberedCallers);

  const callerFor = (session: CachedSession, actor: Actor): Principal => {
    const { principal } = session;
    const key = JSON.stringify([principal.sid, principal.generation, actor]);
    const known = callers.get(key);
    if (known !== undefined && known.roles === principal.roles) return known;
    const caller = freezePrincipal<Principal>({ ...principal, actor });
    callers.set(key, caller);
    return caller;
  };

  return {
    authenticate: async (state): Promise<RequestAuthenticationOutcome> => {
      const token = parseBearerToken(requestOf(state).headers.authorization);
      if (token === undefined) return notApplicable;
      const audience = audienceOf(token);
      const verifier = audience === undefined ? undefined : verifiers.get(audience);
      if (audience === undefined || verifier === undefined) return rejected('audience-unknown');
      const bearer = await verifier.verify(token);
      if (bearer.sid === undefined) return rejected('token-without-session');
      if (actorDepth(bearer) >= longestActorChain) return rejected('actor-chain-too-long');
      const { session, isHit } = await cache.findBySid(bearer.sid, routeOf(state).fresh || state.isFresh);
      if (session === null || session.principal.id !== bearer.id) return rejected('session-ended');
      if (!isSameAuthority(bearer, session.principal)) return rejected('generation-outdated');
      const actor = bearer.actor === undefined ? { id: audience } : { id: audience, actor: bearer.actor };
      return { kind: 'authenticated', caller: callerFor(session, actor), session, credential: undefined, isHit };
    },
  };
}

/** Reads the audience without believing it: only to choose the verifier, which then checks it with the signature. */
function audienceOf(token: string): string | undefined {
  if (token.length > maximumTokenLength) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    if (typeof claims !== 'object' || claims === null || !('aud' in claims)) return undefined;
    return typeof claims.aud === 'string' ? claims.aud : undefined;
  } catch {
    return undefined;
  }
}

function isSameAuthority(bearer: Principal, current: Principal): boolean {
  return (
    bearer.generation.session === current.generation.session &&
    bearer.generation.user === current.generation.user &&
    bearer.generation.policy === current.generation.policy
  );
}

function actorDepth(bearer: Principal): number {
  let depth = 0;
  for (let actor = bearer.actor; actor !== undefined; actor = actor.actor) depth++;
  return depth;
}

function rejected(reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError('SP_TOKEN_INVALID', { reason }) };
}

/** The keys of the ring as they are now, imported once per set. */
function createRingKeySource(keyRing: KeyRing): KeySource {
  let importedIds = '';
  let imported: KeySource | undefined;
  return {
    getKey: (header, token) => {
      const set = keyRing.publicKeys('internal');
      const ids = set.keys.map((key) => key.kid ?? '').join(' ');
      if (imported === undefined || ids !== importedIds) {
        imported = createLocalKeySource(set);
        importedIds = ids;
      }
      return imported.getKey(header, token);
    },
  };
}
