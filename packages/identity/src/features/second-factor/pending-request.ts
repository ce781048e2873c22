import { SallyportError } from '@sallyport/core';
import type { User, UserTable } from '../../accounts/user-table.ts';
import type { PendingPurpose, PendingSignIn } from './pending-sign-ins.ts';
import type { AskedClient } from '../../sessions/required-assurance.ts';
import type { SecondFactor } from './second-factor.ts';

export interface PendingRequestParts {
  readonly secondFactor: SecondFactor;
  readonly users: UserTable;
}

/** A pending sign-in, and whose it is. */
export interface FoundPending {
  readonly pending: PendingSignIn;
  readonly user: User;
}

/**
 * The pending sign-in that a request carries, or `null`. One whose account changed since the first factor was right (a new
 * password, other roles, a ban, another second factor) is none.
 */
export async function findPending(request: Request, parts: PendingRequestParts): Promise<FoundPending | null> {
  const handle = parts.secondFactor.pendingCookie.read(request.headers.get('cookie') ?? undefined);
  return handle === undefined ? null : findPendingByHandle(handle, 'browser', parts);
}

/** The same by the handle itself. */
export async function findPendingByHandle(
  handle: string,
  client: AskedClient,
  { secondFactor, users }: PendingRequestParts,
): Promise<FoundPending | null> {
  const pending = await secondFactor.pending.find(handle, client);
  const user = pending === null ? null : await users.findById(pending.userId);
  if (pending === null || user === null || user.isBanned || user.generation !== pending.userGeneration) return null;
  return { pending, user };
}

/** The pending sign-in of a request. @throws `SP_SIGN_IN_EXPIRED` when there is none for this purpose. */
export async function requirePending(
  request: Request,
  parts: PendingRequestParts,
  purpose: PendingPurpose,
): Promise<FoundPending> {
  const found = await findPending(request, parts);
  if (found?.pending.purpose !== purpose)
    throw new SallyportError('SP_SIGN_IN_EXPIRED', { reason: 'no-pending-sign-in' });
  return found;
}
