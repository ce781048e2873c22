import type { RequestContext, SecurityEventLog } from '@sallyport/core';
import type { User, UserTable } from '../../accounts/user-table.ts';
import { whereOf } from '../../events/security-event-log.ts';
import type { CodeMethod } from './factor-method.ts';
import type { SecondFactor } from './second-factor.ts';

export interface SecondFactorAskingParts {
  readonly users: UserTable;
  readonly events: SecurityEventLog;
  readonly now: () => Date;
  readonly secondFactor: SecondFactor;
}

/** The question for more, instead of a session. */
export interface AskedForMore {
  readonly status: 'second-factor-required' | 'second-factor-set-up-required';
  /** With what it can be answered, or what can be set up. */
  readonly methods: readonly CodeMethod[];
  /** Hands the pending sign-in to the browser. */
  readonly setCookie: string;
}

/** What the first factor proved, and for whom. */
interface FirstFactor {
  readonly userId: string;
  readonly acr: string;
  readonly amr: readonly string[];
}

/**
 * Holds a sign-in until its second factor comes: the same for every way in whose proof is weaker than the account demands.
 *
 * @param user as it was when the first factor was looked at.
 * @returns `null` when the authority of the user changed since then: the first factor must be looked at again.
 */
export async function askForSecondFactor(
  parts: SecondFactorAskingParts,
  { userId, acr, amr }: FirstFactor,
  user: User | null,
  context: RequestContext,
  onAsked: () => Promise<void>,
): Promise<AskedForMore | null> {
  const { users, events, now, secondFactor } = parts;
  const { pending, pendingCookie, factors, methods: enabled } = secondFactor;
  const current = await users.findById(userId);
  if (user === null || current === null || current.generation !== user.generation) return null;

  const owned = (await factors.list(userId)).map(({ method }) => method);
  const setUp = owned.length === 0;
  const purpose = setUp ? 'set-up' : 'verify';
  const handle = await pending.begin({ userId, userGeneration: user.generation, purpose, amr });
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
  const setCookie = pendingCookie.write(handle);
  if (setUp) return { status: 'second-factor-set-up-required', methods: enabled, setCookie };
  const methods = owned.filter((method) => enabled.includes(method));
  return { status: 'second-factor-required', methods: [...methods, 'recovery-code'], setCookie };
}
