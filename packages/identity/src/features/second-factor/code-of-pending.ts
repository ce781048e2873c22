import { SallyportError, type RequestContext } from '@sallyport/core';
import type { CodeMethod, SentMethod } from './factor-method.ts';
import type { FoundPending } from './pending-request.ts';
import type { SecondFactor } from './second-factor.ts';

/** A code that was typed to complete a sign-in. */
export interface CodeOfPending {
  readonly method: CodeMethod;
  readonly code: string;
  /** The browser, when the account was signed in to on it before. */
  readonly device: string | null;
}

/** Checks the code of a pending sign-in, and uses it up. With the last wrong one the sign-in is over. Rejects as `CodeCheck.require`. */
export async function requireCodeOfPending(
  { check, pending: table }: Pick<SecondFactor, 'check' | 'pending'>,
  { pending, user }: FoundPending,
  code: CodeOfPending,
  context: RequestContext,
): Promise<void> {
  try {
    await check.require({ user, ...code, purpose: purposeOf(pending), pendingId: pending.id }, context);
  } catch (error) {
    // The last try is used up: this sign-in cannot be completed any more.
    if (error instanceof SallyportError && error.code === 'SP_SIGN_IN_EXPIRED') await table.consume(pending);
    throw error;
  }
}

/** Sends the code of a pending sign-in. @throws `SP_NOT_FOUND` when the account has no such factor. */
export async function sendCodeOfPending(
  secondFactor: Pick<SecondFactor, 'factors' | 'methods' | 'sendCode'>,
  { pending, user }: FoundPending,
  method: SentMethod,
  context: RequestContext,
): Promise<void> {
  const destination = await requireDestination({ secondFactor }, user.id, method);
  await secondFactor.sendCode({ userId: user.id, method, destination, purpose: purposeOf(pending) }, context);
}

/** Where codes of a factor that counts go. @throws `SP_NOT_FOUND` when the account has no such factor. */
export async function requireDestination(
  { secondFactor }: { readonly secondFactor: Pick<SecondFactor, 'factors' | 'methods'> },
  userId: string,
  method: SentMethod,
): Promise<string> {
  const isEnabled = secondFactor.methods.includes(method);
  const factor = isEnabled ? await secondFactor.factors.find(userId, method) : null;
  if (factor === null) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-factor' });
  return factor.value;
}

function purposeOf({ id }: FoundPending['pending']): string {
  return `sign-in:${id}`;
}
