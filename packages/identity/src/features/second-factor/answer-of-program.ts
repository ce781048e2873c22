import { SallyportError, type RequestContext } from '@sallyport/core';
import type { FactorAnswer, SignInProof } from '../../sessions/required-assurance.ts';
import { resendSeconds } from './code-limiter.ts';
import { requireCodeOfPending, sendCodeOfPending } from './code-of-pending.ts';
import { usePending } from './complete-sign-in.ts';
import { codeMethods, isSentMethod } from './factor-method.ts';
import { findPendingByHandle, type FoundPending, type PendingRequestParts } from './pending-request.ts';

/** Looks at what a program answers to the question for the second factor: by the rules, and the limits, of browsers. */
export async function answerOfProgram(
  parts: PendingRequestParts,
  handle: string,
  { method: named, code }: FactorAnswer,
  context: RequestContext,
): Promise<SignInProof | null> {
  const found = await findAsked(parts, handle);
  if (found === null) return null;
  const method = codeMethods.find((known) => known === named);
  if (method === undefined) throw new SallyportError('SP_CODE_INVALID', { reason: 'no-such-method' });
  // No program is known from before: there is no cookie by which it could be.
  await requireCodeOfPending(parts.secondFactor, found, { method, code, device: null }, context);
  return usePending(parts.secondFactor, found.pending, found.user, method);
}

/** Sends the code that a program is to answer with. */
export async function sendToProgram(
  parts: PendingRequestParts,
  handle: string,
  named: string,
  context: RequestContext,
): Promise<number | null> {
  const found = await findAsked(parts, handle);
  if (found === null) return null;
  const method = codeMethods.find((known) => known === named);
  if (method === undefined || !isSentMethod(method))
    throw new SallyportError('SP_NOT_FOUND', { reason: 'no-such-factor' });
  await sendCodeOfPending(parts.secondFactor, found, method, context);
  return resendSeconds;
}

/** Nothing is set up by a program: a sign-in that waits for a factor is completed on the website. */
async function findAsked(parts: PendingRequestParts, handle: string): Promise<FoundPending | null> {
  const found = await findPendingByHandle(handle, 'program', parts);
  return found?.pending.purpose === 'verify' ? found : null;
}
