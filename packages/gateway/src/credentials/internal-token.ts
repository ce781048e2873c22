import {
  createLeastRecentlyUsed,
  createRingKeySource,
  createTokenVerifier,
  internalIssuerPath,
  maximumTokenLength,
  parseBearerToken,
  SallyportError,
  type KeyRing,
  type Principal,
  type TokenVerifier,
} from '@sallyport/core';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';
import { isSafe } from '../pipeline/request-intent.ts';
import { routeOf, requestOf, type RequestState } from '../pipeline/request-state.ts';
import { toExchangedCaller } from './exchanged-caller.ts';
import type { CachedSession, FoundSession, SessionCache } from '../sessions/session-cache.ts';

export interface InternalTokenParts {
  readonly cache: SessionCache;
  readonly keyRing: KeyRing;
  readonly publicOrigin: string;
  /** Audiences of the configured routes: who may call. */
  readonly audiences: readonly string[];
  /** Those of them that render pages for people: whose tokens are still exchanged a while after their end. */
  readonly zones: ReadonlySet<string>;
  readonly now: () => Date;
}

/** A zone that calls a service that calls a service: more links than this is a loop. */
const longestActorChain = 4;

const rememberedCallers = 10_000;

/**
 * How long the token of a zone is exchanged here from when it was issued, in seconds: the longest that any token may live.
 * A zone is handed one that has half of its life left, and cannot get another for an action that takes longer.
 */
const exchangeSeconds = 300;

/**
 * Recognizes the token that the gateway made for a zone or a service, when that one calls another for its user.
 *
 * The session behind the token must still live. The caller is the user with the calling audience as actor, narrowed to
 * what the token says: a call through a zone gains no authority, and what is made for it ends no later than the token.
 *
 * A token of a zone that names no actor is taken until five minutes after it was issued, also beyond its end. Then its
 * session is read from the store, whatever is remembered, so that one that ended is refused at once; what is made for it
 * ends with these minutes, and is not taken late itself.
 */
export function createInternalTokenAuthenticator(parts: InternalTokenParts): RequestAuthenticator {
  const { cache, audiences, zones } = parts;
  const keys = parts.keyRing.sharedSecret?.keySource ?? createRingKeySource(parts.keyRing, 'internal');
  const verifiers = new Map<string, TokenVerifier>(
    audiences.map((audience) => [
      audience,
      createTokenVerifier({
        issuer: parts.publicOrigin + internalIssuerPath,
        audience,
        keys,
        now: parts.now,
        ...(zones.has(audience) ? { clockToleranceSeconds: exchangeSeconds } : {}),
      }),
    ]),
  );
  // One object per token and session, so that what is made for it is found again.
  const callers = createLeastRecentlyUsed<{ readonly of: Principal; readonly caller: Principal }>(rememberedCallers);

  const callerFor = (token: string, audience: string, bearer: Principal, { principal }: CachedSession): Principal => {
    const known = callers.get(token);
    if (known?.of === principal) return known.caller;
    const hasProfile = bearer.kind === 'user' && bearer.profile !== undefined;
    const caller = toExchangedCaller(principal, { ...bearer, audience, hasProfile });
    callers.set(token, { of: principal, caller });
    return caller;
  };

  /** As it is remembered, and from the store where that does not fit to the token: one of the two is of the past. */
  const findSession = async (bearer: Principal, sid: string, isFresh: boolean): Promise<FoundSession> => {
    const found = await cache.findBySid(sid, isFresh);
    const fits = found.session === null || isSameAuthority(bearer, found.session.principal);
    return isFresh || fits ? found : cache.findBySid(sid, true);
  };

  return {
    authenticate: async (state): Promise<RequestAuthenticationOutcome> => {
      const token = parseBearerToken(requestOf(state).headers.authorization);
      if (token === undefined) return notApplicable;
      const { audience, issuedAt, expiresAt } = claimsIn(token);
      const verifier = audience === undefined ? undefined : verifiers.get(audience);
      if (audience === undefined || verifier === undefined) return rejected('audience-unknown');
      const bearer = await verifier.verify(token);
      // A verifier is patient with clocks. What is made here must not outlive the token, so the token has to be alive.
      const now = parts.now().getTime();
      const isLate = expiresAt * 1000 <= now;
      const lastExchange = issuedAt + exchangeSeconds;
      const isTakenLate = zones.has(audience) && bearer.actor === undefined && now < lastExchange * 1000;
      if (isLate && !isTakenLate) {
        return { kind: 'rejected', error: new SallyportError('SP_TOKEN_EXPIRED', { reason: 'out-of-date' }) };
      }
      if (bearer.sid === undefined) return rejected('token-without-session');
      if (actorDepth(bearer) >= longestActorChain) return rejected('actor-chain-too-long');
      const isFresh = isLate || routeOf(state).fresh || state.isFresh;
      const { session, isHit } = await findSession(bearer, bearer.sid, isFresh);
      if (session === null || session.principal.id !== bearer.id) return rejected('session-ended');
      if (!isSameAuthority(bearer, session.principal)) {
        const refusal = judgeOtherAuthority(bearer, session.principal, state);
        if (refusal !== undefined) return refusal;
      }
      const caller = callerFor(token, audience, bearer, session);
      const notAfter = isLate ? lastExchange : expiresAt;
      return { kind: 'authenticated', caller, session, credential: undefined, isHit, notAfter };
    },
  };
}

const unread = { audience: undefined, issuedAt: 0, expiresAt: 0 } as const;

/** Reads claims without believing them: the audience only chooses the verifier, which then checks both with the signature. */
function claimsIn(token: string): {
  readonly audience: string | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
} {
  if (token.length > maximumTokenLength) return unread;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    if (typeof claims !== 'object' || claims === null) return unread;
    const { aud, iat, exp } = claims as Readonly<Record<string, unknown>>;
    if (typeof aud !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return unread;
    return { audience: aud, issuedAt: iat, expiresAt: exp };
  } catch {
    return unread;
  }
}

/**
 * The session lives on with another authority than the token says: roles were changed while a page was rendered. Its user
 * is not signed out by that (see `outdated-token.ts` for the same at a service): what changes nothing is answered with what
 * both have, the token and the session as it is now, and everything else is 503. A sign-in that was raised meanwhile
 * raises no token that was made before.
 */
function judgeOtherAuthority(
  { generation: sent }: Principal,
  { generation: current }: Principal,
  state: RequestState,
): RequestAuthenticationOutcome | undefined {
  if (sent.session > current.session || sent.user > current.user || sent.policy > current.policy)
    return rejected('generation-unknown');
  const request = requestOf(state);
  if (sent.session === current.session && isSafe(request) && !request.headers.isWebSocket) return undefined;
  return {
    kind: 'rejected',
    error: new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'authority-changed', retryAfterSeconds: 1 }),
  };
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
