import {
  isAssuranceAtLeast,
  retryContended,
  SallyportError,
  type AssuranceLevel,
  type SessionStore,
} from '@sallyport/core';

const contention = { maxAttempts: 10, code: 'SP_CONFLICT' } as const;

/**
 * Raises how strong the sign-in of a live session counts, under the token that it has. Call it in the transaction from
 * which on the account requires more, so that this session is at no moment too weak. Rejects with `SP_UNAUTHENTICATED` when
 * the session ended meanwhile.
 */
export async function raiseAssurance(
  sessions: Pick<SessionStore, 'findBySid' | 'change'>,
  sid: string,
  { acr, amr }: { readonly acr: AssuranceLevel; readonly amr: string },
): Promise<void> {
  await retryContended(contention, async () => {
    const before = await sessions.findBySid(sid);
    if (before === null) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'session-ended' });
    if (isAssuranceAtLeast(before.acr, acr)) return;
    const write = await sessions.change(sid, before.generation, { acr, amr: [...new Set([...before.amr, amr])] });
    if (write.kind === 'stale') return 'retry';
    if (write.kind !== 'written') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'session-ended' });
  });
}
