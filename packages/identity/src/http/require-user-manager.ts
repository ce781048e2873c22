import { SallyportError, type LiveSession, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import { managingPermission } from '../accounts/role-authority.ts';
import { whereOf } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import { requireRecent, type RecentSignInParts } from './require-recent.ts';

export interface UserManagerParts extends RecentSignInParts {
  readonly events: SecurityEventLog<KernelEvent>;
}

/**
 * Demands of a request what every change of the authority of others needs: the permission, and a sign-in that is recent
 * and as strong as the account of the caller requires. What the change itself may be is for `Authority` to say.
 *
 * @throws `SP_FORBIDDEN`, which is noted, or `SP_STEP_UP_REQUIRED`.
 */
export async function requireUserManager(
  parts: UserManagerParts,
  session: LiveSession,
  context: RequestContext,
): Promise<void> {
  const { principal } = session;
  if (principal.permissions.includes(managingPermission)) return requireRecent(session, parts);
  await parts.events.append({
    type: 'access.refused',
    at: parts.now(),
    outcome: 'refused',
    actor: principal.id,
    sid: principal.sid,
    ...whereOf(context),
    details: { reason: 'permission-missing', code: 'SP_FORBIDDEN' },
  });
  throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
}
