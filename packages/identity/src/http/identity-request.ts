import {
  SallyportError,
  type Caller,
  type LiveSession,
  type RequestContext,
  type SessionDirectory,
} from '@sallyport/core';
import { isFirstPartyProgram } from '../sessions/first-party-client.ts';

/** What the gateway gives to identity beside the request. */
export interface IdentityEnvironment {
  readonly Bindings: { readonly context: RequestContext };
  readonly Variables: {
    /** How errors of this path are written. @default 'problem' */
    readonly errorForm?: 'problem' | 'oauth';
  };
}

/**
 * The session of the caller, read anew: what the gateway remembers may be some milliseconds old.
 *
 * @throws `SP_UNAUTHENTICATED` when there is no session, or it ended meanwhile.
 */
export async function requireSession(context: RequestContext, directory: SessionDirectory): Promise<LiveSession> {
  const session = await findSession(context, directory);
  if (session === null) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
  return session;
}

/**
 * The sign-in of the caller, read anew: the session of a browser, or that of a program of the product's own which calls with
 * its access token. For what a user may do from any of their devices.
 *
 * @throws `SP_UNAUTHENTICATED` when there is none, or it ended meanwhile; `SP_FORBIDDEN` for a caller who is known by another
 *   credential, such as an API key or the token of an OAuth client: to sign in again would change nothing.
 */
export async function requireSignIn(context: RequestContext, directory: SessionDirectory): Promise<LiveSession> {
  const { caller } = context;
  if (isOtherCredential(caller)) throw new SallyportError('SP_FORBIDDEN', { reason: 'no-sign-in-of-a-user' });
  if (!isFirstPartyProgram(caller) || caller.sid === undefined) return requireSession(context, directory);
  const session = await directory.bySid(caller.sid);
  const isSame = session?.principal.id === caller.id && session.principal.credential === 'bearer';
  if (!isSame) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
  return session;
}

function isOtherCredential(caller: Caller): boolean {
  if (caller.kind === 'anonymous') return false;
  return caller.kind === 'service' || (caller.credential !== 'session' && !isFirstPartyProgram(caller));
}

/** The session of the caller, or `null` for a caller without one. */
export async function findSession<Found extends LiveSession>(
  context: RequestContext,
  directory: { bySid(sid: string): Promise<Found | null> },
): Promise<Found | null> {
  const { caller } = context;
  if (caller.kind !== 'user' || caller.credential !== 'session' || caller.sid === undefined) return null;
  const session = await directory.bySid(caller.sid);
  const isSame = session?.principal.id === caller.id && session.principal.credential === 'session';
  return isSame ? session : null;
}
