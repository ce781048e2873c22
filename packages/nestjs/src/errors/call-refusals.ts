import { asSallyportError, internalIssuerPath, SallyportError, toProblem } from '@sallyport/core';
import { Inject, Injectable, type ArgumentsHost } from '@nestjs/common';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { callerOf } from '../request-caller.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { callOf } from './call-of.ts';
import { setHeaders, type ResponseLike } from './http-response.ts';
import { rememberRequestIdOf } from './graphql-extensions.ts';
import { RefusalLog } from './refusal-log.ts';
import { toHttpException } from './sallyport-http-exception.ts';

/**
 * Makes of a refusal of the guard what its transport knows, so that nothing depends on which filter answers: the line is in
 * the log, and over HTTP the headers are set that RFC 9110 and RFC 6750 ask for, before a filter of the application writes
 * a body.
 */
@Injectable()
export class CallRefusals {
  readonly #documentationOrigin: string;
  readonly #log: RefusalLog;

  constructor(@Inject(SALLYPORT_OPTIONS) options: SallyportOptions, @Inject(RefusalLog) log: RefusalLog) {
    this.#documentationOrigin = documentationOriginOf(options);
    this.#log = log;
  }

  /** What the guard throws in place of this error. What is no error of the catalog is a bug, and stays as it is. */
  toException(thrown: unknown, host: ArgumentsHost): Error {
    if (!(thrown instanceof SallyportError)) return thrown instanceof Error ? thrown : asSallyportError(thrown);
    const transport = host.getType<string>();
    const isHttp = transport === 'http';
    const call = callOf(host);
    const requestId = requestIdOf(call);
    // Messages and sockets have exceptions of their own packages, which their filters make of it.
    const exception = isHttp || transport === 'graphql' ? toHttpException(thrown) : thrown;
    rememberRequestIdOf(exception, requestId);
    this.#log.record(exception, { requestId, status: thrown.status, caller: callerOf(call) });
    if (isHttp) {
      const { headers } = toProblem(thrown, { requestId, documentationOrigin: this.#documentationOrigin });
      const { 'content-type': _, ...others } = headers;
      setHeaders(host.switchToHttp().getResponse<ResponseLike>(), { ...others, 'x-request-id': requestId });
    }
    return exception;
  }
}

/** Where codes are explained. */
export function documentationOriginOf({ documentationOrigin, issuer }: SallyportOptions): string {
  if (documentationOrigin !== undefined) return documentationOrigin;
  return issuer.endsWith(internalIssuerPath) ? issuer.slice(0, -internalIssuerPath.length) : new URL(issuer).origin;
}
