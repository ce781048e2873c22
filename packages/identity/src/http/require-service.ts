import { SallyportError, type RequestContext } from '@sallyport/core';
import { whereOf, type AuditContext } from '../events/audit-context.ts';

/**
 * Demands a program that calls with a key of its service account and holds one of these permissions: the gateway lets no
 * one else below `/manage`, and it is asked again where it counts. What a change may be is for `Authority` to say.
 *
 * @param opening permissions of which each is enough.
 * @returns for whom the change is recorded, and what the key allows at most.
 * @throws `SP_UNAUTHENTICATED` or `SP_FORBIDDEN`, which the gateway notes.
 */
export function requireService(context: RequestContext, opening: readonly string[]): AuditContext {
  const { caller } = context;
  if (caller.kind === 'anonymous') throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'not-signed-in' });
  if (caller.kind !== 'service' || caller.credential !== 'api-key' || caller.actor !== undefined)
    throw new SallyportError('SP_FORBIDDEN', { reason: 'service-only' });
  const { id, permissions } = caller;
  if (!opening.some((permission) => permissions.includes(permission)))
    throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
  return { actor: id, permissions, ...whereOf(context) };
}
