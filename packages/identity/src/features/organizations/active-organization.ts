import {
  retryContended,
  SallyportError,
  type InvalidationBus,
  type LiveSession,
  type SecurityEventLog,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { FindMembership } from '../../accounts/memberships.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import type { OrganizationEvent } from './organization-events.ts';
import { unknownOrganization } from './organization-refusals.ts';

/**
 * Turns a session to an organization of its user, or to none. Every cache has heard of it when this resolves, and the next
 * request gets new tokens. Rejects with `SP_NOT_FOUND` for an organization that the user is no member of, and with
 * `SP_UNAUTHENTICATED` when the session ended meanwhile.
 */
export type ActivateOrganization = (
  principal: LiveSession['principal'],
  organizationId: string | null,
  context: AuditContext,
) => Promise<void>;

export interface ActiveOrganizationOptions {
  readonly sessions: SessionStore;
  readonly findMembership: FindMembership;
  readonly events: SecurityEventLog<OrganizationEvent>;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => Date;
}

const contention = { maxAttempts: 10, code: 'SP_CONFLICT' } as const;

/** Takes the event back: its change met another one. */
class StaleSessionError extends Error {
  override readonly name = 'StaleSessionError';
}

/** Builds what turns sessions to organizations. */
export function createActivateOrganization(options: ActiveOrganizationOptions): ActivateOrganization {
  const { sessions, findMembership, events, bus, transaction, now } = options;

  /** The event first: a session store outside of the database takes nothing back. */
  const write = (before: SessionRecord, to: string | null, context: AuditContext): Promise<SessionRecord | 'retry'> =>
    transaction(async () => {
      const { sid, subject, generation, org: from = null } = before;
      await events.append({
        type: 'organization.activated',
        at: now(),
        outcome: 'success',
        target: subject,
        sid,
        ...context,
        details: { from, to },
      });
      const change = await sessions.change(sid, generation, { org: to });
      if (change.kind === 'stale') throw new StaleSessionError();
      if (change.kind !== 'written') throw sessionEnded();
      return change.record;
    }).catch((error: unknown) => {
      if (error instanceof StaleSessionError) return 'retry';
      throw error;
    });

  return ({ id, sid }, organizationId, context) =>
    retryContended(contention, async () => {
      const before = await sessions.findBySid(sid);
      if (before === null || before.revokedAt !== undefined) throw sessionEnded();
      if (organizationId !== null && (await findMembership(organizationId, id)) === null) throw unknownOrganization();
      if ((before.org ?? null) === organizationId) return;
      const record = await write(before, organizationId, context);
      if (record === 'retry') return 'retry';
      const { generation: minGeneration } = record;
      await bus.publish({ kind: 'session', id: sid, minGeneration, at: now(), reason: 'organization-changed' });
    });
}

function sessionEnded(): SallyportError {
  return new SallyportError('SP_UNAUTHENTICATED', { reason: 'session-ended' });
}
