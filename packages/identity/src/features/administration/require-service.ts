import { SallyportError, type RequestContext } from '@sallyport/core';
import { managingPermission } from '../../accounts/role-authority.ts';
import { whereOf, type AuditContext } from '../../events/audit-context.ts';

/** The permission to look at accounts. */
export const readingPermission = 'user:read';

/**
 * Demands a program that calls with a key of its service account and may look at accounts, or change them: the gateway
 * lets no one else here, and it is asked again where it counts. What a change may be is for `Authority` to say.
 *
 * @returns for whom the change is recorded, and what the key allows at most.
 * @throws `SP_UNAUTHENTICATED` or `SP_FORBIDDEN`, which the gateway notes.
 */
export function requireService(context: RequestContext, access: 'reads' | 'changes'): AuditContext {
  const { caller } = context;
  if (caller.kind === 'anonymous') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
  if (caller.kind !== 'service' || caller.credential !== 'api-key' || caller.actor !== undefined)
    throw new SallyportError('SP_FORBIDDEN', { reason: 'service-only' });
  const { id, permissions } = caller;
  const opening = access === 'reads' ? [readingPermission, managingPermission] : [managingPermission];
  if (!opening.some((permission) => permissions.includes(permission)))
    throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
  return { actor: id, permissions, ...whereOf(context) };
}
