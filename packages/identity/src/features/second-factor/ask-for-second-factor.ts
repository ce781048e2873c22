import type { RequestContext, SecurityEventLog } from '@sallyport/core';
import type { UserTable } from '../../accounts/user-table.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { AskedForMore, Question, SignInProof } from '../../sessions/required-assurance.ts';
import { pendingSeconds } from './pending-sign-ins.ts';
import type { SecondFactor } from './second-factor.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';

export interface SecondFactorAskingParts {
  readonly users: UserTable;
  readonly events: SecurityEventLog<SecondFactorEvent>;
  readonly now: () => Date;
  readonly secondFactor: SecondFactor;
}

/**
 * Holds a sign-in until its second factor comes: the same for every sign-in method whose proof is weaker than the account
 * requires.
 *
 * @returns `null` when the authority of the user changed since the first factor was looked at: it must be looked at again.
 */
export async function askForSecondFactor(
  parts: SecondFactorAskingParts,
  { user, acr, amr, provider }: SignInProof,
  { of: client, onAsked }: Question,
  context: RequestContext,
): Promise<AskedForMore | null> {
  const { users, events, now, secondFactor } = parts;
  const { pending, pendingCookie, factors, methods: enabled } = secondFactor;
  const { id: userId } = user;
  const current = await users.findById(userId);
  if (current?.generation !== user.generation) return null;

  const owned = (await factors.list(userId)).map(({ method }) => method);
  const setUp = owned.length === 0;
  const purpose = setUp ? 'set-up' : 'verify';
  const handle = await pending.begin({ userId, userGeneration: user.generation, purpose, amr, provider }, client);
  await onAsked();
  await events.append({
    type: 'sign-in.second-factor-asked',
    at: now(),
    outcome: 'success',
    actor: userId,
    target: userId,
    ...whereOf(context),
    details: { acr, amr: [...amr], setUp },
  });
  const given = { setCookie: pendingCookie.write(handle), handle, expiresInSeconds: pendingSeconds };
  if (setUp) return { status: 'second-factor-set-up-required', methods: enabled, ...given };
  const methods = owned.filter((method) => enabled.includes(method));
  return { status: 'second-factor-required', methods: [...methods, 'recovery-code'], ...given };
}
