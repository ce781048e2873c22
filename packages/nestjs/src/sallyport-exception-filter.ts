import {
  internalIssuerPath,
  toProblem,
  type Caller,
  type LogFields,
  type Logger,
  type Requirement,
  type SallyportError,
} from '@sallyport/core';
import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SALLYPORT_OPTIONS } from './injection-tokens.ts';
import { createNestLogger } from './nest-logger.ts';
import { callerOf } from './request-caller.ts';
import { requestIdOf } from './request-id.ts';
import type { SallyportOptions } from './sallyport-options.ts';
import { toSallyportError } from './to-sallyport-error.ts';

/** The one place where errors become answers: RFC 9457 problem+json. */
@Catch()
export class SallyportExceptionFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost;
  readonly #documentationOrigin: string;
  readonly #logger: Logger;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost, @Inject(SALLYPORT_OPTIONS) options: SallyportOptions) {
    this.#host = host;
    this.#documentationOrigin = options.documentationOrigin ?? publicUrlOf(options.issuer);
    this.#logger = options.logger ?? createNestLogger();
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType<string>() !== 'http') throw thrown;
    const http = host.switchToHttp();
    const request = http.getRequest<object>();
    const response = http.getResponse<ResponseLike>();
    const { error, status } = toSallyportError(thrown);
    const requestId = requestIdOf(request);
    this.#record(error, status, requestId, request);

    const adapter = this.#host.httpAdapter;
    if (adapter.isHeadersSent(response)) {
      // Half an answer must not pass for a whole one: the connection ends without its last chunk.
      (response.raw ?? response).destroy?.();
      return;
    }
    const problem = toProblem(error, { requestId, documentationOrigin: this.#documentationOrigin });
    for (const [name, value] of Object.entries({ ...problem.headers, 'x-request-id': requestId })) {
      setHeader(response, name, value);
    }
    adapter.reply(response, JSON.stringify({ ...problem.body, status }), status);
  }

  #record(error: SallyportError, status: number, requestId: string, request: object): void {
    const caller = callerOf(request);
    const fields = {
      requestId,
      status,
      code: error.code,
      reason: error.reason,
      subject: caller.kind === 'anonymous' ? undefined : caller.id,
      // Who calls for the subject: a zone, another service.
      actor: caller.kind === 'anonymous' ? undefined : caller.actor?.id,
      ...describeRequirement(error.requirement, caller),
    };
    if (status < 500) {
      this.#logger.info('request refused', { event: 'request-refused', ...fields });
      return;
    }
    const cause = error.cause instanceof Error ? error.cause : error;
    this.#logger.error('request failed', { event: 'request-failed', ...fields, error: cause.name, stack: cause.stack });
  }
}

/** What was asked for, what the token carries of it, and the usual mistake where it carries nothing. */
function describeRequirement(requirement: Requirement | undefined, caller: Caller): Omit<LogFields, 'event'> {
  if (requirement === undefined || caller.kind === 'anonymous') return {};
  const { roles, permissions } = requirement;
  return {
    ...(roles === undefined ? {} : { requiredRoles: roles.join(' '), heldRoles: caller.roles.join(' ') }),
    ...(permissions === undefined
      ? {}
      : { requiredPermissions: permissions.join(' '), heldPermissions: caller.permissions.join(' ') }),
    ...(permissions === undefined || caller.permissions.length > 0 ? {} : { hint: emptyScopeHint }),
  };
}

const emptyScopeHint =
  "The token carries no permission. The route to this service in sallyport.config.ts says which ones it carries: permissions: ['*'] for all that the user holds.";

/** A response of Express, of Fastify, or of `node:http`. */
interface ResponseLike {
  readonly raw?: { destroy?(): void };
  destroy?(): void;
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

function setHeader(response: ResponseLike, name: string, value: string): void {
  if (response.header === undefined) response.setHeader?.(name, value);
  else response.header(name, value);
}

function publicUrlOf(issuer: string): string {
  return issuer.endsWith(internalIssuerPath) ? issuer.slice(0, -internalIssuerPath.length) : new URL(issuer).origin;
}
