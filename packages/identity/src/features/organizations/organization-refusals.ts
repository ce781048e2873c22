import { SallyportError, type Counters, type ErrorCode, type Sealer, type SecurityEventLog } from '@sallyport/core';
import type { AuditContext } from '../../events/audit-context.ts';
import type { MembershipRefusal } from './membership-judgement.ts';
import type { OrganizationEvent } from './organization-events.ts';
import { isOrganizationId } from './organization-table.ts';

/** The refusal of an organization that there is not, and of one that the caller is no member of: no caller can tell which. */
export function unknownOrganization(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', { reason: 'organization-unknown' });
}

/** The refusal of an invitation that this organization does not have. */
export function unknownInvitation(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', {
    reason: 'invitation-unknown',
    errors: [{ field: 'invitation', message: 'is none of this organization' }],
  });
}

/** The refusal of what a member may not do. */
export function refusalOf(reason: MembershipRefusal): SallyportError {
  return new SallyportError(reason === 'permission-missing' ? 'SP_FORBIDDEN' : 'SP_AUTHORITY_EXCEEDED', { reason });
}

/** The refusal of what an organization cannot have any more of, or cannot be now. */
export function conflict(reason: string, field: string, message: string): SallyportError {
  return new SallyportError('SP_CONFLICT', { reason, errors: [{ field, message }] });
}

/** Who asks for what of which organization. */
export interface OrganizationRequest {
  /** Subject id of the user. */
  readonly userId: string;
  readonly sid: string;
  readonly organizationId: string;
  /** The pattern of the route. */
  readonly route: string;
  readonly context: AuditContext;
}

/** Runs what answers a request about an organization, and writes down that it was refused, after it was taken back. */
export type NoteRefusals = <T>(request: OrganizationRequest, work: () => Promise<T>) => Promise<T>;

export interface NoteRefusalsOptions {
  readonly events: SecurityEventLog<OrganizationEvent>;
  readonly counters: Counters;
  /** Keys of counters hold no id. */
  readonly sealer: Sealer;
  readonly now: () => Date;
}

/** A user who tries every handle leaves this many events behind, and no more. */
const maxEventsPerMinute = 20;

const noted: ReadonlySet<ErrorCode> = new Set([
  'SP_NOT_FOUND',
  'SP_FORBIDDEN',
  'SP_AUTHORITY_EXCEEDED',
  'SP_LAST_OWNER',
]);

/** Builds what notes refusals. */
export function createNoteRefusals({ events, counters, sealer, now }: NoteRefusalsOptions): NoteRefusals {
  return async ({ userId, sid, organizationId, route, context }, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SallyportError) || !noted.has(error.code)) throw error;
      const count = await counters.increment(`organization-refusals:${sealer.hash(userId)}`, 60);
      if (count <= maxEventsPerMinute)
        await events.append({
          type: 'organization.access-refused',
          at: now(),
          outcome: 'refused',
          sid,
          ...context,
          details: {
            // What cannot be a handle is text of the caller.
            organization: isOrganizationId(organizationId) ? organizationId : '',
            reason: error.reason ?? 'refused',
            code: error.code,
            route,
          },
        });
      throw error;
    }
  };
}
