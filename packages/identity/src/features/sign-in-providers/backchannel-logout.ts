import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import {
  networkOf,
  SallyportError,
  type RequestContext,
  type SecurityEventLog,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { AttemptLimiter } from '../../accounts/attempt-limiter.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import { readForm } from './callback-answer.ts';
import type { ExternalIdentities } from './external-identities.ts';
import { invalid, type LogoutOrder } from './logout-token.ts';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderEvent } from './provider-events.ts';
import { clockToleranceSeconds, isBegunBefore, type ProviderLogouts } from './provider-logouts.ts';
import type { ProviderSessions } from './provider-sessions.ts';
import type { UsedAnswers } from './used-answers.ts';

export interface BackchannelLogoutParts {
  readonly clients: ReadonlyMap<string, ProviderClient>;
  readonly identities: ExternalIdentities;
  readonly providerSessions: ProviderSessions;
  readonly providerLogouts: Pick<ProviderLogouts, 'note'>;
  readonly usedAnswers: UsedAnswers;
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly attempts: AttemptLimiter;
  readonly events: SecurityEventLog<ProviderEvent>;
  readonly now: () => Date;
}

const refusalLimit = { maxFailures: 200, windowSeconds: 900 } as const;

/**
 * Takes logout tokens of providers, and ends the sessions that were begun with what they name. 200 means that every session
 * has ended and every cache has heard; a store that does not answer is 503, so that the provider tries again.
 *
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html OpenID Connect Back-Channel Logout 1.0}
 */
export function createBackchannelLogoutRoutes(parts: BackchannelLogoutParts) {
  const { clients, attempts } = parts;
  return new Hono<IdentityEnvironment>().post('/providers/:id/backchannel-logout', async (c) => {
    const { context } = c.env;
    const id = c.req.param('id');
    const client = clients.get(id);
    if (client?.verifyLogoutToken === undefined)
      throw new SallyportError('SP_NOT_FOUND', { reason: 'provider-unknown' });
    const attempt = await attempts.begin([
      { name: 'provider-logout', subject: networkOf(context.clientAddress), limit: refusalLimit },
    ]);
    if (attempt.kind === 'limited') {
      const { retryAfterSeconds } = attempt;
      throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'logout-tokens', retryAfterSeconds });
    }
    try {
      const token = (await readForm(c.req.raw)).get('logout_token');
      if (token === null || token === '') throw invalid('token-missing');
      await endSessions(parts, id, await client.verifyLogoutToken(token), context);
    } catch (error) {
      if (error instanceof SallyportError && error.status < 500) await noteRefusal(parts, id, error, context);
      throw error;
    }
    await attempt.giveBack().catch(() => {});
    return c.body(null, 200);
  });
}

async function endSessions(
  parts: BackchannelLogoutParts,
  provider: string,
  order: LogoutOrder,
  context: RequestContext,
): Promise<void> {
  const { sessions, revocation, providerLogouts, usedAnswers, events, now } = parts;
  // First of all, so that a sign-in that is on its way either finds this, or is found below.
  await providerLogouts.note(order);
  const userId = await findUser(parts, order);
  const live = userId === null ? [] : await sessions.listLive(userId, now());
  let sessionsEnded = 0;
  for (const { sid, subject } of live.filter((record) => isNamed(record, order)))
    if (await revocation.end({ sid, subject, reason: 'provider-signed-out' }, context)) sessionsEnded += 1;
  // Used up last: a failure further up must leave a token that can be sent again, and to end a session twice does no harm.
  const name = createHash('sha256').update(`${order.issuer}\n${order.jti}`).digest('base64url');
  const until = new Date(order.expiresAt.getTime() + 2 * clockToleranceSeconds * 1000);
  if (!(await usedAnswers.use(`logout:${name}`, until))) throw invalid('replayed');
  await events.append({
    type: 'provider.logout-received',
    at: now(),
    outcome: 'success',
    ...(userId === null ? {} : { target: userId }),
    ...whereOf(context),
    details: { provider, sessionsEnded },
  });
}

async function findUser(
  { identities, providerSessions }: BackchannelLogoutParts,
  { issuer, subject, sid }: LogoutOrder,
): Promise<string | null> {
  if (subject !== undefined) return (await identities.find(issuer, subject))?.userId ?? null;
  return sid === undefined ? null : providerSessions.findUser(issuer, sid);
}

function isNamed({ provider, createdAt }: SessionRecord, { issuer, sid, issuedAt }: LogoutOrder): boolean {
  if (provider?.issuer !== issuer) return false;
  // Of a sign-in that waited for its second factor the session is younger than what the provider said.
  if (!isBegunBefore(provider.signedInAt ?? createdAt.getTime(), issuedAt)) return false;
  return sid === undefined || provider.sid === sid;
}

async function noteRefusal(
  { events, now }: BackchannelLogoutParts,
  provider: string,
  { reason = 'unknown' }: SallyportError,
  context: RequestContext,
): Promise<void> {
  await events.append({
    type: 'provider.logout-refused',
    at: now(),
    outcome: 'refused',
    ...whereOf(context),
    details: { provider, reason },
  });
}
