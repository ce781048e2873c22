import type { RequestContext, SessionRecord } from '@sallyport/core';
import type { SignInProof } from './required-assurance.ts';
import {
  AccountDisabledError,
  InsufficientAssuranceError,
  newSessionToken,
  type MakeSession,
  type SessionLifetime,
} from './session-maker.ts';
import { settleRecord, type SettleSessionParts } from './settle-session.ts';

export interface OpenProgramSessionParts extends SettleSessionParts {
  readonly makeSession: MakeSession;
}

/** The program whose session it is, as its user will see it in the list of devices. */
export interface SessionProgram {
  /** As the program is called; absent for what the user agent says. */
  readonly name: string | undefined;
  readonly userAgent: string;
  /** Where it is. */
  readonly address: string;
  readonly lifetime: SessionLifetime;
}

/** {@link openProgramSession}, with what it takes of the kernel. */
export type OpenProgramSession = (
  proof: SignInProof,
  program: SessionProgram,
  context: RequestContext,
  onMade: (record: SessionRecord) => Promise<void>,
) => Promise<SessionRecord | 'retry' | 'banned'>;

/**
 * Opens a session for a program: one that no cookie opens. So whatever ends sessions ends it, and what lists sessions
 * lists it.
 *
 * @param proof how its user proved who they are, and the user as stored when that was looked at.
 * @param onMade what has to be kept with the session. Called before the sign-in counts; the session is ended when it rejects.
 * @returns `retry` when the authority of the user changed since the proof was looked at, or where it is too weak for the
 *   account, `banned` for an account that is banned or gone.
 */
export async function openProgramSession(
  parts: OpenProgramSessionParts,
  { user, acr, amr, authTime, provider }: SignInProof,
  { name, userAgent, address, lifetime }: SessionProgram,
  context: RequestContext,
  onMade: (record: SessionRecord) => Promise<void>,
): Promise<SessionRecord | 'retry' | 'banned'> {
  let record: SessionRecord;
  try {
    record = await parts.makeSession({
      // Opens nothing, and is thrown away: a record is found by its `sid` alone.
      token: newSessionToken(),
      userId: user.id,
      acr,
      amr,
      authTime,
      provider,
      userAgent,
      address,
      program: { label: name, lifetime },
    });
  } catch (error) {
    if (error instanceof AccountDisabledError) return 'banned';
    if (error instanceof InsufficientAssuranceError) return 'retry';
    throw error;
  }
  const settled = await settleRecord(parts, record, user, context, () => onMade(record));
  return settled === null ? 'retry' : record;
}
