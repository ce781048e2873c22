import type { Caller, ErrorCode, LogFields, Logger, Requirement } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { denialOf, type ExplainedDenial } from '../policy/policy-denial.ts';
import type { SallyportOptions } from '../sallyport-options.ts';

/** What is written of an error. */
export interface RecordedError {
  readonly name: string;
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly requirement: Requirement | undefined;
  readonly cause?: unknown;
  readonly stack?: string | undefined;
}

/** What a line in the log says of a call beside its error. */
export interface RefusedCall {
  readonly requestId: string;
  readonly status: number;
  readonly caller: Caller;
}

/**
 * Writes one line for an error, whichever filter answers with it: the guard records what it refuses before the filters of
 * the application see it.
 */
@Injectable()
export class RefusalLog {
  readonly #logger: Logger;
  readonly #recorded = new WeakSet<object>();

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions) {
    this.#logger = options.logger ?? createNestLogger();
  }

  record(error: RecordedError, { requestId, status, caller }: RefusedCall): void {
    if (this.#recorded.has(error)) return;
    this.#recorded.add(error);
    const fields = {
      requestId,
      status,
      code: error.code,
      reason: error.reason,
      subject: caller.kind === 'anonymous' ? undefined : caller.id,
      // Who calls for the subject: a zone, another service.
      actor: caller.kind === 'anonymous' ? undefined : caller.actor?.id,
      ...describeRequirement(error.requirement, caller),
      ...describeDenial(denialOf(error)),
    };
    if (status < 500) {
      this.#logger.info('request refused', { event: 'request-refused', ...fields });
      return;
    }
    const cause = error.cause instanceof Error ? error.cause : error;
    this.#logger.error('request failed', {
      event: 'request-failed',
      ...fields,
      error: cause.name,
      stack: cause.stack,
    });
  }
}

/** What was asked for, what the token carries of it, and the usual mistake where it carries nothing. */
function describeRequirement(requirement: Requirement | undefined, caller: Caller): Omit<LogFields, 'event'> {
  if (requirement === undefined || caller.kind === 'anonymous') return {};
  const { roles, permissions, anyPermission, orgRoles } = requirement;
  const asksPermissions = permissions !== undefined || anyPermission !== undefined;
  return {
    ...(roles === undefined ? {} : { requiredRoles: roles.join(' '), heldRoles: caller.roles.join(' ') }),
    ...(orgRoles === undefined
      ? {}
      : { requiredOrgRoles: orgRoles.join(' '), heldOrgRoles: caller.orgRoles?.join(' ') ?? '', org: caller.org }),
    ...(permissions === undefined ? {} : { requiredPermissions: permissions.join(' ') }),
    ...(anyPermission === undefined ? {} : { requiredAnyPermission: anyPermission.join(' ') }),
    ...(asksPermissions ? { heldPermissions: caller.permissions.join(' ') } : {}),
    ...(asksPermissions && caller.permissions.length === 0 ? { hint: emptyScopeHint } : {}),
  };
}

/** What the policy was asked, and the text that it has for administrators: it is written here and nowhere else. */
function describeDenial(denial: ExplainedDenial | undefined): Omit<LogFields, 'event'> {
  if (denial === undefined) return {};
  const { action, type, record, rule, fields, explanation } = denial;
  return {
    policyAction: action,
    policyType: type,
    ...(record === undefined ? {} : { policyRecord: record }),
    ...(rule === undefined ? {} : { policyRule: rule }),
    ...(fields === undefined ? {} : { policyFields: fields.join(' ') }),
    explanation,
  };
}

const emptyScopeHint =
  "The token carries no permission. The route to this service in sallyport.config.ts says which ones it carries: permissions: ['*'] for all that the user holds.";
