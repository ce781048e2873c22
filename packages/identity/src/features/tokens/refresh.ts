import {
  retryContended,
  SallyportError,
  type LiveSession,
  type RequestContext,
  type SecurityEventLog,
  type SessionDirectory,
  type SessionStore,
} from '@sallyport/core';
import { whereOf } from '../../events/audit-context.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import type { SessionLifetime } from '../../sessions/session-maker.ts';
import type { IssueAccessToken } from './access-token.ts';
import type { Grace } from './grace.ts';
import type { RefreshToken, RefreshTokens } from './refresh-token.ts';
import { toTokenAnswer, type TokenAnswer } from './token-answers.ts';
import type { TokenEvent } from './token-events.ts';
import type { TokenFamilies, TokenFamily } from './token-families.ts';

export interface RefreshParts {
  readonly tokens: RefreshTokens;
  readonly families: TokenFamilies;
  readonly grace: Grace;
  readonly directory: SessionDirectory;
  readonly sessions: Pick<SessionStore, 'recordActivity'>;
  readonly revocation: SessionRevocation;
  readonly events: SecurityEventLog<TokenEvent>;
  readonly issueAccessToken: IssueAccessToken;
  readonly tokenLifetime: SessionLifetime;
  readonly now: () => Date;
}

/** Each attempt that meets another refresh reads what that one wrote: then the token is a retry, or used. */
const contention = { maxAttempts: 4, code: 'SP_STORE_UNAVAILABLE' } as const;

/** Activity of a program is noted at most this often. */
const activityMilliseconds = 60_000;

/**
 * Gives an access token and the next refresh token for a refresh token.
 *
 * What can fail comes first, and the one write that uses the token up comes last: a failure of ours leaves the token as it
 * was. When the answer is lost after that write, the same token is answered with the same successor for as long as the grace
 * lasts, unless the successor was used meanwhile. Any other second use ends the family: one of its two users is a thief.
 *
 * Rejects with `SP_REFRESH_TOKEN_INVALID`, and with `SP_STORE_UNAVAILABLE` or `SP_KEYS_UNAVAILABLE`, after which the same
 * token works.
 */
export async function refresh(parts: RefreshParts, text: string, context: RequestContext): Promise<TokenAnswer> {
  const { tokens, grace } = parts;
  const token = tokens.read(text);
  if (token === undefined) throw refused('refresh-token-unknown');
  try {
    return await retryContended(contention, () => tryRefresh(parts, token, context));
  } catch (error) {
    const isRefusal = error instanceof SallyportError && error.code === 'SP_REFRESH_TOKEN_INVALID';
    if (!isRefusal) grace.noteFailure();
    throw error;
  }
}

async function tryRefresh(
  parts: RefreshParts,
  token: RefreshToken,
  context: RequestContext,
): Promise<TokenAnswer | 'retry'> {
  const { families, grace, directory, issueAccessToken, now } = parts;
  // Both at once: a token that was read is one of ours, so that its session is there to be read.
  const [family, session] = await Promise.all([families.find(token.family), directory.bySid(token.family)]);
  if (family === null) throw refused('family-unknown');
  const standing = families.standingOf(token, family, (rotatedAt) => grace.includes(rotatedAt));
  if (standing.kind === 'ahead') throw refused('refresh-token-ahead-of-store');
  if (session === null || session.principal.id !== family.userId) throw refused('session-ended');
  if (standing.kind === 'reused') {
    await endReused(parts, family, standing.behind, context);
    throw refused('refresh-token-reused');
  }
  const accessToken = issueAccessToken(session.principal);
  if (standing.kind === 'retried') return toTokenAnswer(accessToken, standing.successor);
  await noteActivity(parts, session);
  const successor = await families.rotate(token, family, now());
  return successor === null ? 'retry' : toTokenAnswer(accessToken, successor);
}

/** Ends the sign-in of a family, and reports why. Other sign-ins of the user go on. */
async function endReused(
  { revocation, events, now }: RefreshParts,
  { family, userId, rotatedAt }: TokenFamily,
  behind: number,
  context: RequestContext,
): Promise<void> {
  const at = now();
  // That the session ended, and why, is reported together with its end; what follows says more of it, once.
  if (!(await revocation.end({ sid: family, subject: userId, reason: 'refresh-token-reused' }, context))) return;
  await events.append({
    type: 'refresh-token.reused',
    at,
    outcome: 'refused',
    target: userId,
    sid: family,
    ...whereOf(context),
    details: { behind, secondsAfter: Math.max(0, Math.round((at.getTime() - rotatedAt.getTime()) / 1000)) },
  });
}

async function noteActivity(
  { sessions, tokenLifetime, now }: RefreshParts,
  { principal, idleExpiresAt }: LiveSession,
): Promise<void> {
  const at = now();
  const idleMilliseconds = tokenLifetime.idleSeconds * 1000;
  if (at.getTime() - (idleExpiresAt.getTime() - idleMilliseconds) < activityMilliseconds) return;
  await sessions.recordActivity(principal.sid, at, new Date(at.getTime() + idleMilliseconds));
}

function refused(reason: string): SallyportError {
  return new SallyportError('SP_REFRESH_TOKEN_INVALID', { reason });
}
