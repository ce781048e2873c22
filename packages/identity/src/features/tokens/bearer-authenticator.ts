import {
  createLeastRecentlyUsed,
  createRevocationMemory,
  createRingKeySource,
  createTokenVerifier,
  freezePrincipal,
  SallyportError,
  type AuthenticatedCaller,
  type AuthenticationOutcome,
  type Authenticator,
  type InvalidationBus,
  type KeyRing,
  type LiveSession,
  type Principal,
  type SessionDirectory,
  type UserPrincipal,
} from '@sallyport/core';
import type { Memberships } from '../../accounts/memberships.ts';
import type { RoleDirectory } from '../../accounts/role-directory.ts';
import { firstPartyClientId } from '../../sessions/first-party-client.ts';

export interface BearerAuthenticatorOptions {
  readonly keyRing: Pick<KeyRing, 'publicKeys'>;
  /** Issuer and audience of access tokens. */
  readonly origin: string;
  readonly lifetimeSeconds: number;
  readonly bus: InvalidationBus;
  readonly directory: SessionDirectory;
  readonly roles: Pick<RoleDirectory, 'permissionsOf'>;
  readonly memberships: Pick<Memberships, 'withPermissions'>;
  readonly now: () => Date;
}

type SessionPrincipal = UserPrincipal & { readonly sid: string };
type Permissions = Awaited<ReturnType<RoleDirectory['permissionsOf']>>;

/** A token whose signature was checked. */
interface KnownToken {
  /** As the token says it. */
  readonly principal: SessionPrincipal;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Milliseconds since 1970: that long ago its session is known to have lived, by the token itself or by the store. */
  aliveAt: number;
  /** What was made of it last, under which state of the roles, and until when that serves. */
  caller?: { readonly of: AuthenticatedCaller; readonly rolesEpoch: number; readonly until: number };
}

/** Tokens that are remembered: more callers than one gateway serves in ten minutes. */
const rememberedTokens = 20_000;
/** Sets of roles whose permissions serve while the table of roles cannot be read. */
const rememberedRoles = 1000;
/** After a look-up that failed, tokens are believed for so long before the next one. */
const pauseMilliseconds = 1000;
/** Without a message, roles and a membership are read again after this long: one that was lost heals by itself. */
const believedMilliseconds = 30_000;
/** `Bearer` and three parts: what is opaque is another credential. */
const bearerForm = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const handleForm = /^([\w-]{22})\.(\d{1,12})\.(\d{1,10})\.(\d{1,10})$/;

/** Counts as made under any policy: what a token permits is looked up at each request. */
const everyPolicy = Number.MAX_SAFE_INTEGER;

/** Recognizes access tokens for the gateway, and ends what it began with `close`. */
export interface BearerAuthenticator {
  readonly authenticator: Authenticator;
  close(): void;
}

/**
 * Builds what recognizes access tokens at the gateway.
 *
 * A token is verified once by its signature and remembered until it expires. Whether its session was ended since, or the
 * authority of its user changed, is known from the bus. Only a token from before this process listened, or from before a gap,
 * has its session looked up: once. One that works in an organization has it looked up each half a minute, since the end of a
 * membership may be stored where its sessions could not be told. While that cannot be done, a token is good until it expires; routes that are `fresh`
 * have each one looked up, and are answered 503 then.
 */
export function createBearerAuthenticator(options: BearerAuthenticatorOptions): BearerAuthenticator {
  const { keyRing, origin, lifetimeSeconds, bus, directory, roles, memberships, now } = options;
  const verifier = createTokenVerifier({
    issuer: origin,
    audience: origin,
    keys: createRingKeySource(keyRing, 'client'),
    // It is remembered here, with its times.
    cacheSize: 0,
    clockToleranceSeconds: 0,
    now,
  });
  const known = createLeastRecentlyUsed<KnownToken>(rememberedTokens);
  const lastPermissions = createLeastRecentlyUsed<Permissions>(rememberedRoles);
  const memory = createRevocationMemory({ rememberSeconds: lifetimeSeconds + 120, now });
  memory.markSyncedSince(now());
  let rolesEpoch = 0;
  let minPolicyGeneration = 0;
  let pausedUntil = 0;

  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'gap') {
      memory.markSyncedSince(now());
      rolesEpoch += 1;
      // Among what was missed may be that a key was withdrawn.
      known.clear();
      return;
    }
    const { event } = message;
    if (event.kind === 'policy') {
      rolesEpoch += 1;
      minPolicyGeneration = Math.max(minPolicyGeneration, event.minGeneration);
    }
    if (event.kind === 'key' && event.minGeneration > 0) known.clear();
    memory.add(event);
  });

  const isRevoked = ({ principal, issuedAt }: KnownToken): boolean => {
    const { user, session } = principal.generation;
    return memory.isRevoked({ ...principal, generation: { user, session, policy: everyPolicy } }, issuedAt);
  };
  // `iat` is in whole seconds: of one that was missed in that second nothing would be known.
  const isCovered = ({ aliveAt, principal }: KnownToken): boolean =>
    bus.isConnected() &&
    memory.isSynced(aliveAt / 1000 - 1) &&
    (principal.org === undefined || now().getTime() < aliveAt + believedMilliseconds);

  const verify = async (token: string): Promise<KnownToken | AuthenticationOutcome> => {
    let principal: Principal;
    try {
      principal = await verifier.verify(token);
    } catch (error) {
      const code = error instanceof SallyportError ? error.code : undefined;
      if (code !== 'SP_TOKEN_EXPIRED' && code !== 'SP_TOKEN_INVALID') throw error;
      return { kind: 'rejected', code, reason: (error as SallyportError).reason ?? 'token-refused' };
    }
    if (!isOfSession(principal)) return rejected('token-without-session');
    const { iat, exp } = timesOf(token);
    const found: KnownToken = { principal, issuedAt: iat, expiresAt: exp, aliveAt: iat * 1000 };
    known.set(token, found);
    return found;
  };

  const permissionsOf = async (held: readonly string[]): Promise<Permissions> => {
    const key = held.join(' ');
    try {
      const permissions = await roles.permissionsOf(held);
      lastPermissions.set(key, permissions);
      return permissions;
    } catch (error) {
      const last = lastPermissions.get(key);
      // What is known to be outdated may have been taken away, and would be remembered for the token as what counts now.
      if (last === undefined || last.generation < minPolicyGeneration) throw error;
      return last;
    }
  };

  const admit = async (token: KnownToken): Promise<AuthenticationOutcome> => {
    const epoch = rolesEpoch;
    const { roles: held, orgRoles } = token.principal;
    const { permissions: own, generation } = await permissionsOf(held);
    // A change of the membership raises the generation of the session, and so ends the token; where it could not, a look does.
    const permissions = memberships.withPermissions(own, orgRoles === undefined ? null : { roles: orgRoles });
    const caller = toCaller(token.principal, token.expiresAt, { permissions, generation });
    token.caller = { of: caller, rolesEpoch: epoch, until: now().getTime() + believedMilliseconds };
    return { kind: 'authenticated', caller };
  };

  /** Looks at the session of a token of which something may have been missed. */
  const lookUp = async (token: KnownToken): Promise<AuthenticationOutcome> => {
    const at = now().getTime();
    if (at < pausedUntil) return admit(token);
    let session: LiveSession | null;
    try {
      session = await directory.bySid(token.principal.sid);
    } catch {
      pausedUntil = at + pauseMilliseconds;
      return admit(token);
    }
    if (session === null) return rejected('session-ended');
    if (!isSameAuthority(token.principal, session.principal)) return rejected('generation-outdated');
    if (!isSameMembership(token.principal, session.principal)) return rejected('membership-changed');
    token.aliveAt = at;
    // What was heard while the store was read wins.
    return isRevoked(token) ? rejected('revoked') : admit(token);
  };

  const judge = (token: KnownToken): AuthenticationOutcome | Promise<AuthenticationOutcome> => {
    if (now().getTime() >= token.expiresAt * 1000) {
      return { kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' };
    }
    if (isRevoked(token)) return rejected('revoked');
    if (!isCovered(token)) return lookUp(token);
    const { caller } = token;
    const isCurrent = caller?.rolesEpoch === rolesEpoch && now().getTime() < caller.until;
    return isCurrent ? { kind: 'authenticated', caller: caller.of } : admit(token);
  };

  return {
    authenticator: {
      kind: 'bearer',
      recognize: ({ header, value }) => (header === 'authorization' ? bearerForm.exec(value)?.[1] : undefined),
      authenticate: (token) => {
        const remembered = known.get(token);
        if (remembered !== undefined) return judge(remembered);
        return verify(token).then((found) => ('kind' in found ? found : judge(found)));
      },
      async recheck(credentialId) {
        const handle = parseHandle(credentialId);
        if (handle === undefined || now().getTime() >= handle.expiresAt * 1000) return null;
        const session = await directory.bySid(handle.sid);
        if (session === null) return null;
        const { principal } = session;
        const { generation, permissions } = principal;
        if (generation.user !== handle.user || generation.session !== handle.session) return null;
        return toCaller(principal, handle.expiresAt, { permissions, generation: generation.policy });
      },
    },
    close: unsubscribe,
  };
}

function toCaller(
  principal: SessionPrincipal,
  expiresAt: number,
  { permissions, generation: policy }: Permissions,
): AuthenticatedCaller {
  const { sid, generation } = principal;
  const { user, session } = generation;
  return {
    principal: freezePrincipal({
      ...principal,
      clientId: firstPartyClientId,
      credential: 'bearer',
      permissions: [...permissions],
      generation: { user, session, policy },
    }),
    credentialId: `${sid}.${expiresAt}.${user}.${session}`,
    // Its user and its session end it, as they end every caller.
    endedBy: [],
    expiresAt: new Date(expiresAt * 1000),
  };
}

function parseHandle(credentialId: string) {
  const [, sid, expiresAt, user, session] = handleForm.exec(credentialId) ?? [];
  return sid === undefined
    ? undefined
    : { sid, expiresAt: Number(expiresAt), user: Number(user), session: Number(session) };
}

function isOfSession(principal: Principal): principal is SessionPrincipal {
  return principal.kind === 'user' && principal.sid !== undefined && principal.credential === 'bearer';
}

function isSameAuthority(token: SessionPrincipal, current: LiveSession['principal']): boolean {
  return (
    token.id === current.id &&
    token.generation.user === current.generation.user &&
    token.generation.session === current.generation.session
  );
}

/** The session reads the membership each time: it is in the organization of its token while that lasts, with those roles. */
function isSameMembership(token: SessionPrincipal, current: LiveSession['principal']): boolean {
  const [roles, now] = [new Set(token.orgRoles), new Set(current.orgRoles)];
  return token.org === current.org && roles.size === now.size && [...roles].every((role) => now.has(role));
}

/** The times of a token that was verified, so that they are there and right. */
function timesOf(token: string): { readonly iat: number; readonly exp: number } {
  const { iat, exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly iat: number;
    readonly exp: number;
  };
  return { iat, exp };
}

function rejected(reason: string): AuthenticationOutcome {
  return { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason };
}
