import {
  isAssuranceAtLeast,
  retryContended,
  SallyportError,
  serializeSessionCookie,
  type AssuranceLevel,
  type InvalidationBus,
  type Sealer,
  type SessionCookie,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import { newSessionToken } from './session-maker.ts';

/** What the owner of a session proved just now. */
export interface FreshProof {
  readonly acr: AssuranceLevel;
  readonly amr: string;
  /** Whether what was proved at the sign-in counts with it: a code does not replace the password, it comes on top. */
  readonly isOnTop: boolean;
  /** Whether it counts as having signed in again; a factor that was only just set up does not. */
  readonly isSignIn: boolean;
}

/** An elevated session, and the cookie with its new token. */
export interface ElevatedSession {
  readonly record: SessionRecord;
  readonly setCookie: string;
}

/**
 * Elevates a live session. Its token is replaced, so that a cookie that was stolen before does not gain by it. Durable, and
 * every cache has heard, when this resolves. Rejects with `SP_UNAUTHENTICATED` when the session ended meanwhile.
 */
export type ElevateSession = (sid: string, proof: FreshProof) => Promise<ElevatedSession>;

export interface SessionElevationOptions {
  readonly sessions: SessionStore;
  /** For the purpose `session-token`. */
  readonly sealer: Sealer;
  readonly cookie: SessionCookie;
  readonly bus: InvalidationBus;
  readonly now: () => Date;
}

const contention = { maxAttempts: 10, code: 'SP_CONFLICT' } as const;

export function createSessionElevation(options: SessionElevationOptions): ElevateSession {
  const { sessions, sealer, cookie, bus, now } = options;
  return (sid, { acr, amr, isOnTop, isSignIn }) =>
    retryContended(contention, async () => {
      const before = await sessions.findBySid(sid);
      if (before === null) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'session-ended' });
      const token = newSessionToken();
      const at = now();
      const write = await sessions.change(sid, before.generation, {
        tokenHash: sealer.hash(token),
        // `acr` says how strong the sign-in of `authTime` was, so a fresh one may also be a weaker one.
        acr: !isSignIn && isAssuranceAtLeast(before.acr, acr) ? before.acr : acr,
        amr: isOnTop ? [...new Set([...before.amr, amr])] : [amr],
        ...(isSignIn ? { authTime: at } : {}),
      });
      if (write.kind === 'stale') return 'retry';
      if (write.kind !== 'written') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'session-ended' });
      const { record } = write;
      const { generation: minGeneration, absoluteExpiresAt } = record;
      await bus.publish({ kind: 'session', id: sid, minGeneration, at, reason: 'stepped-up' });
      const seconds = Math.max(0, Math.floor((absoluteExpiresAt.getTime() - at.getTime()) / 1000));
      return { record, setCookie: serializeSessionCookie(cookie, token, seconds) };
    });
}
