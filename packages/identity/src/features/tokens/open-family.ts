import { SallyportError, type LiveSession, type RequestContext, type SessionDirectory } from '@sallyport/core';
import type { SignInProof } from '../../sessions/required-assurance.ts';
import { openProgramSession, type OpenProgramSessionParts } from '../../sessions/open-program-session.ts';
import type { SessionLifetime } from '../../sessions/session-maker.ts';
import type { ProgramDevice } from '../../sign-in/program-sign-ins.ts';
import type { IssueAccessToken } from './access-token.ts';
import type { RefreshTokens } from './refresh-token.ts';
import { toTokenAnswer, type TokenAnswer } from './token-answers.ts';
import type { TokenFamilies } from './token-families.ts';

export interface OpenFamilyParts extends OpenProgramSessionParts {
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
  proof: SignInProof,
  { name, userAgent }: ProgramDevice,
  context: RequestContext,
  onSettled: () => Promise<void>,
): Promise<TokenAnswer | 'retry' | 'banned'> {
  const { tokens, families, tokenLifetime, now } = parts;
  const program = { name, userAgent, address: context.clientAddress, lifetime: tokenLifetime };
  let answer: TokenAnswer | undefined;
  const opened = await openProgramSession(parts, proof, program, context, async ({ sid, absoluteExpiresAt }) => {
    const first = tokens.first(sid);
    await families.begin({ first, userId: proof.user.id, at: now(), expiresAt: absoluteExpiresAt });
    // Made before the sign-in counts: when keys cannot sign, nothing stays behind.
    answer = toTokenAnswer(parts.issueAccessToken(await requireLive(parts, sid)), first);
    await onSettled();
  });
  if (typeof opened === 'string') return opened;
  return answer ?? 'retry';
}

async function requireLive(
  { directory }: Pick<OpenFamilyParts, 'directory'>,
  sid: string,
): Promise<LiveSession['principal']> {
  const session = await directory.bySid(sid);
  if (session === null) throw new SallyportError('SP_CONFLICT', { reason: 'session-ended' });
  return session.principal;
}
