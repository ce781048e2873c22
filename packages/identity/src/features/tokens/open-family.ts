import { SallyportError, type LiveSession, type RequestContext, type SessionDirectory } from '@sallyport/core';
import type { SignInProof } from '../../sessions/required-assurance.ts';
import {
  AccountDisabledError,
  InsufficientAssuranceError,
  newSessionToken,
  type MakeSession,
  type SessionLifetime,
} from '../../sessions/session-maker.ts';
import { settleRecord, type SettleSessionParts } from '../../sessions/settle-session.ts';
import type { ProgramDevice } from '../../sign-in/program-sign-ins.ts';
import type { IssueAccessToken } from './access-token.ts';
import type { RefreshTokens } from './refresh-token.ts';
import { toTokenAnswer, type TokenAnswer } from './token-answers.ts';
import type { TokenFamilies } from './token-families.ts';

export interface OpenFamilyParts extends SettleSessionParts {
  readonly makeSession: MakeSession;
  readonly directory: SessionDirectory;
  readonly tokens: RefreshTokens;
  readonly families: TokenFamilies;
  readonly issueAccessToken: IssueAccessToken;
  readonly tokenLifetime: SessionLifetime;
}

/**
 * Begins a family of refresh tokens: a session of its own, which no cookie opens. So whatever ends sessions ends tokens, and
 * what lists sessions lists them.
 *
 * @returns `retry` when the authority of the user changed since the proof was looked at, `banned` for an account that is
 *   banned or gone.
 */
export async function openFamily(
  parts: OpenFamilyParts,
  { user, acr, amr, authTime, provider }: SignInProof,
  { name, userAgent }: ProgramDevice,
  context: RequestContext,
  onSettled: () => Promise<void>,
): Promise<TokenAnswer | 'retry' | 'banned'> {
  const { makeSession, tokens, families, tokenLifetime, now } = parts;
  let record;
  try {
    record = await makeSession({
      // Opens nothing, and is thrown away: a record is found by its `sid` alone.
      token: newSessionToken(),
      userId: user.id,
      acr,
      amr,
      authTime,
      provider,
      userAgent,
      address: context.clientAddress,
      program: { label: name, lifetime: tokenLifetime },
    });
  } catch (error) {
    if (error instanceof AccountDisabledError) return 'banned';
    if (error instanceof InsufficientAssuranceError) return 'retry';
    throw error;
  }
  const { sid, absoluteExpiresAt } = record;
  const first = tokens.first(sid);
  let answer: TokenAnswer | undefined;
  const settled = await settleRecord(parts, record, user, context, async () => {
    await families.begin({ first, userId: user.id, at: now(), expiresAt: absoluteExpiresAt });
    // Made before the sign-in counts: when keys cannot sign, nothing stays behind.
    answer = toTokenAnswer(parts.issueAccessToken(await requireLive(parts, sid)), first);
    await onSettled();
  });
  return settled === null || answer === undefined ? 'retry' : answer;
}

async function requireLive(
  { directory }: Pick<OpenFamilyParts, 'directory'>,
  sid: string,
): Promise<LiveSession['principal']> {
  const session = await directory.bySid(sid);
  if (session === null) throw new SallyportError('SP_CONFLICT', { reason: 'session-ended' });
  return session.principal;
}
