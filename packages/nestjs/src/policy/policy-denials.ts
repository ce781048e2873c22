import type { FieldError, Logger } from '@sallyport/core';
import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { auditedActionOf, type AuditEntry, type AuditPort } from '../audit/audit-port.ts';
import { callOf } from '../errors/call-of.ts';
import { SallyportHttpException } from '../errors/sallyport-http-exception.ts';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { explainDenial, type DeniedRequest } from './explain-denial.ts';
import { rememberDenialOf, type PolicyDenial } from './policy-denial.ts';
import { requirePolicy } from './require-policy.ts';

/** What was denied to whom, and how it looks to them. */
export interface DeniedAccess extends DeniedRequest {
  readonly onDeny: 403 | 404;
  /** Absent where a service asked, and not a handler. */
  readonly context?: ExecutionContext;
}

/** Makes errors of denials, and records them by the `audit` port of the options. */
@Injectable()
export class PolicyDenials {
  readonly #options: SallyportOptions;
  readonly #port: AuditPort | undefined;
  readonly #logger: Logger;

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions) {
    this.#options = options;
    this.#port = options.audit;
    this.#logger = options.logger ?? createNestLogger();
  }

  /**
   * The error for a denial: `SP_POLICY_DENIED` with the text for users, `SP_UNAUTHENTICATED` for an anonymous caller, or
   * the `SP_NOT_FOUND` of a record that is not there.
   */
  refuse(denied: DeniedAccess): SallyportHttpException {
    const { denial, explanation, textForUser } = explainDenial(requirePolicy(this.#options), denied);
    const isAnonymous = denied.caller.kind === 'anonymous';
    const code = denied.onDeny === 404 ? 'SP_NOT_FOUND' : isAnonymous ? 'SP_UNAUTHENTICATED' : 'SP_POLICY_DENIED';
    const error = new SallyportHttpException(code, {
      reason: denial.reason,
      ...(code === 'SP_POLICY_DENIED' && textForUser !== undefined ? { detail: textForUser } : {}),
      ...(code === 'SP_POLICY_DENIED' ? errorsOf(denied) : {}),
    });
    rememberDenialOf(error, { ...denial, explanation });
    // What anonymous callers are refused is in the log: they could fill a table without end.
    if (!isAnonymous) this.#record(denied, denial, code);
    return error;
  }

  #record({ caller, context }: DeniedAccess, denial: PolicyDenial, code: string): void {
    const port = this.#port;
    if (port === undefined) return;
    const audited = context === undefined ? undefined : auditedActionOf(context.getHandler());
    const action = audited?.action ?? `${denial.type}.${denial.action}`;
    const entry: AuditEntry = {
      action,
      outcome: 'denied',
      caller,
      ...(context === undefined ? {} : placeOf(context)),
      at: new Date(),
      error: code,
      denial,
    };
    const write = async (): Promise<void> => port.record(entry);
    write().catch(() => {
      this.#logger.error('an audit entry was not written', { event: 'audit-entry-lost', action, outcome: 'denied' });
    });
  }
}

/** The caller named these fields. Those of an answer that is refused are not told: which there are may be a secret. */
function errorsOf({ write }: DeniedAccess): { readonly errors?: readonly FieldError[] } {
  const fields = write?.refusedFields ?? [];
  return fields.length === 0 ? {} : { errors: fields.map((field) => ({ field, message: 'is not yours to change' })) };
}

function placeOf(context: ExecutionContext): Pick<AuditEntry, 'handler' | 'transport' | 'requestId'> {
  const transport = context.getType<string>();
  return {
    handler: `${context.getClass().name}.${context.getHandler().name}`,
    transport,
    ...(transport === 'http' ? { requestId: requestIdOf(callOf(context)) } : {}),
  };
}
