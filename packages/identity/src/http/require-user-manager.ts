import { SallyportError, type LiveSession, type RequestContext, type SecurityEventLog } from '@sallyport/core';
import { whereOf } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';

export interface UserManagerParts {
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
}

const permission = 'user:manage';

/** Demands that the caller may look after other people's accounts. @throws `SP_FORBIDDEN`, and notes it. */
export async function requireUserManager(
  { events, now }: UserManagerParts,
  { principal }: LiveSession,
  context: RequestContext,
): Promise<void> {
  if (principal.permissions.includes(permission)) return;
  await events.append({
    type: 'access.refused',
    at: now(),
    outcome: 'refused',
    actor: principal.id,
    sid: principal.sid,
    ...whereOf(context),
    details: { reason: 'permission-missing', code: 'SP_FORBIDDEN' },
  });
  throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
}
