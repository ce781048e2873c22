import { Hono, type Context } from 'hono';
import {
  SallyportError,
  serializeClearedSessionCookie,
  type SessionRecord,
  type SessionCookie,
  type SessionStore,
  type CsrfTokens,
  type EndedSessionsAnswer,
  type SessionAnswer,
  type SessionsAnswer,
  type ShownSession,
} from '@sallyport/core';
import type { Memberships } from '../accounts/memberships.ts';
import { toDeviceNames } from '../sessions/device-label.ts';
import { isFirstPartyProgram } from '../sessions/first-party-client.ts';
import type { StoredSessionDirectory } from '../sessions/session-directory.ts';
import type { SessionRevocation } from '../sessions/session-revocation.ts';
import { findSession, requireSignIn, type IdentityEnvironment } from './identity-request.ts';
import { readNothing } from './request-body.ts';

export interface SessionRouteParts {
  readonly cookie: SessionCookie;
  readonly directory: StoredSessionDirectory;
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly csrfTokens: CsrfTokens;
  readonly memberships: Pick<Memberships, 'nameOf'>;
  readonly now: () => Date;
}

const sidPattern = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * What people see of their own sessions, and how they end them: by `sid`, never by token; and sign-out. The list of devices
 * is the same from each of them: browsers, and programs with an access token.
 */
export function createSessionRoutes(parts: SessionRouteParts) {
  const { cookie, directory, sessions, revocation, csrfTokens, memberships, now } = parts;
  const clearedCookie = serializeClearedSessionCookie(cookie);
  /** A program has no cookie: it forgets its tokens itself. */
  const clearCookie = (c: Context<IdentityEnvironment>): void => {
    if (!isFirstPartyProgram(c.env.context.caller)) c.header('set-cookie', clearedCookie);
  };

  return new Hono<IdentityEnvironment>()
    .get('/session', async (c) => {
      const session = await findSession(c.env.context, directory);
      if (session === null) return c.json({ status: 'signed-out' } satisfies SessionAnswer);
      const { id, sid, acr, amr, authTime, profile, roles, permissions, org, orgRoles = [] } = session.principal;
      const name = org === undefined ? null : await memberships.nameOf(org);
      return c.json({
        status: 'signed-in',
        user: { id, name: profile?.name ?? '', email: profile?.email ?? '', roles, permissions },
        ...(org === undefined || name === null ? {} : { organization: { id: org, name, roles: orgRoles } }),
        session: {
          sid,
          acr,
          amr,
          authTime: authTime.toISOString(),
          createdAt: session.createdAt.toISOString(),
          idleExpiresAt: session.idleExpiresAt.toISOString(),
          absoluteExpiresAt: session.absoluteExpiresAt.toISOString(),
          idleSeconds: session.idleSeconds,
        },
        csrfToken: csrfTokens.tokenFor(sid),
      } satisfies SessionAnswer);
    })
    .post('/sign-out', async (c) => {
      await readNothing(c.req.raw);
      const { caller } = c.env.context;
      const session = await findSession(c.env.context, directory);
      if (session !== null) {
        const { sid, id: subject } = session.principal;
        await revocation.end({ sid, subject, reason: 'signed-out' }, c.env.context);
      } else if (caller.kind === 'user' && caller.sid !== undefined) {
        // The gateway remembers what is over: the process that ended it died before it published that, which is made good now.
        await revocation.announce([caller.sid], 'signed-out');
      }
      c.header('set-cookie', clearedCookie);
      return c.body(null, 204);
    })
    .get('/sessions', async (c) => {
      const { principal } = await requireSignIn(c.env.context, directory);
      const records = await sessions.listLive(principal.id, now());
      const shown = records.map((record) => toShownSession(record, principal.sid));
      return c.json({ sessions: shown } satisfies SessionsAnswer);
    })
    .post('/sessions/revoke-others', async (c) => {
      await readNothing(c.req.raw);
      const { principal } = await requireSignIn(c.env.context, directory);
      const ending = { subject: principal.id, reason: 'signed-out-elsewhere', except: principal.sid } as const;
      const ended = await revocation.endAll(ending, c.env.context);
      return c.json({ ended } satisfies EndedSessionsAnswer);
    })
    .post('/sessions/revoke-all', async (c) => {
      await readNothing(c.req.raw);
      const { principal } = await requireSignIn(c.env.context, directory);
      const ended = await revocation.endAll({ subject: principal.id, reason: 'signed-out-everywhere' }, c.env.context);
      clearCookie(c);
      return c.json({ ended } satisfies EndedSessionsAnswer);
    })
    .delete('/sessions/:sid', async (c) => {
      await readNothing(c.req.raw);
      const { principal } = await requireSignIn(c.env.context, directory);
      const sid = c.req.param('sid');
      const isCurrent = sid === principal.sid;
      const reason = isCurrent ? 'signed-out' : 'signed-out-elsewhere';
      // Another user's session and one that never was give the same answer: the store looks for this subject's only.
      const isEnded =
        sidPattern.test(sid) && (await revocation.end({ sid, subject: principal.id, reason }, c.env.context));
      if (!isEnded) throw new SallyportError('SP_NOT_FOUND', { reason: 'session-unknown' });
      if (isCurrent) clearCookie(c);
      return c.body(null, 204);
    });
}

function toShownSession(record: SessionRecord, currentSid: string): ShownSession {
  const { browser, system } = toDeviceNames(record.device.userAgent);
  return {
    sid: record.sid,
    current: record.sid === currentSid,
    label: record.device.label,
    ...(record.credential === undefined ? {} : { program: record.device.label }),
    browser,
    system,
    address: record.device.address,
    createdAt: record.createdAt.toISOString(),
    lastActiveAt: record.lastActiveAt.toISOString(),
    acr: record.acr,
    amr: record.amr,
  };
}
