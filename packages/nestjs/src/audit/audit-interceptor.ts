import { anonymous, SallyportError, type Logger } from '@sallyport/core';
import {
  Inject,
  Injectable,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, from, mergeMap, tap, throwError, type Observable } from 'rxjs';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { createNestLogger } from '../nest-logger.ts';
import { callerOf } from '../request-caller.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { transportOf } from '../transports/transport-of.ts';
import { auditedActionOf, type AuditedAction, type AuditEntry, type AuditPort } from './audit-port.ts';

type Outcome = Pick<AuditEntry, 'outcome' | 'error'>;

/** Writes an entry for what a handler with `@Audited` did. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  readonly #port: AuditPort | undefined;
  readonly #logger: Logger;

  // Optional: a test of one controller may build it without the module, and calls its methods itself.
  constructor(@Optional() @Inject(SALLYPORT_OPTIONS) options?: SallyportOptions) {
    this.#port = options?.audit;
    this.#logger = options?.logger ?? createNestLogger();
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const audited = auditedActionOf(context.getHandler());
    const port = this.#port;
    if (audited === undefined) return next.handle();
    if (port === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'no-audit-port' });
    const write = (outcome: Outcome): Promise<void> => port.record(toEntry(audited, context, outcome));
    const writeAfter = (outcome: Outcome): void => {
      write(outcome).catch(() => this.#noteLoss(audited.action, outcome));
    };
    const handled = (): Observable<unknown> =>
      next.handle().pipe(
        tap({ complete: () => writeAfter({ outcome: 'succeeded' }) }),
        catchError((error: unknown) => {
          writeAfter({ outcome: 'failed', error: nameOf(error) });
          return throwError(() => error);
        }),
      );
    return audited.required === true ? from(this.#attempt(write)).pipe(mergeMap(handled)) : handled();
  }

  async #attempt(write: (outcome: Outcome) => Promise<void>): Promise<void> {
    try {
      await write({ outcome: 'attempted' });
    } catch (cause) {
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'audit-entry-not-written', cause });
    }
  }

  #noteLoss(action: string, { outcome }: Outcome): void {
    this.#logger.error('an audit entry was not written', { event: 'audit-entry-lost', action, outcome });
  }
}

function toEntry({ action }: AuditedAction, context: ExecutionContext, outcome: Outcome): AuditEntry {
  const transport = context.getType<string>();
  const call = transportOf(transport)?.callOf(context);
  return {
    action,
    ...outcome,
    caller: call === undefined ? anonymous : callerOf(call),
    handler: `${context.getClass().name}.${context.getHandler().name}`,
    transport,
    ...(transport === 'http' && call !== undefined ? { requestId: requestIdOf(call) } : {}),
    at: new Date(),
  };
}

function nameOf(error: unknown): string {
  if (error instanceof SallyportError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
