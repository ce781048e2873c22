import { SallyportError, toProblem } from '@sallyport/core';
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { SALLYPORT_OPTIONS } from '../injection-tokens.ts';
import { callerOf } from '../request-caller.ts';
import { requestIdOf } from '../request-id.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import { callOf } from './call-of.ts';
import { documentationOriginOf } from './call-refusals.ts';
import { toExceptionProblem, type HttpAnswer } from './exception-problem.ts';
import { catalogErrorOf, isRequestError, type RequestError } from './framework-error.ts';
import { rememberRequestIdOf } from './graphql-extensions.ts';
import { cutConnection, setHeaders, type ResponseLike } from './http-response.ts';
import { toMessageError } from './message-error.ts';
import { RefusalLog } from './refusal-log.ts';
import { toHttpException } from './sallyport-http-exception.ts';

/**
 * The last filter: it answers what the filters of the application leave to it. Errors of ours and what was not foreseen
 * become problem+json (RFC 9457); exceptions of the application go to the filter of Nest, unless `errors: 'problem'` asks
 * for one form of all.
 */
@Catch()
export class SallyportExceptionFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost;
  readonly #log: RefusalLog;
  readonly #documentationOrigin: string;
  readonly #isProblemForAll: boolean;

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(SALLYPORT_OPTIONS) options: SallyportOptions,
    @Inject(RefusalLog) log: RefusalLog,
  ) {
    this.#host = host;
    this.#log = log;
    this.#documentationOrigin = documentationOriginOf(options);
    this.#isProblemForAll = options.errors === 'problem';
  }

  /** What it returns is what Nest makes of a filter's answer: `undefined` leaves the exception to Nest. */
  catch(thrown: unknown, host: ArgumentsHost): unknown {
    switch (host.getType<string>()) {
      case 'http':
        return this.#answer(thrown, host);
      case 'graphql':
        return this.#rethrow(thrown, host);
      case 'rpc':
        return this.#answerMessage(thrown, host);
      default:
        return undefined;
    }
  }

  #answer(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<object>();
    const response = http.getResponse<ResponseLike>();
    const error = toOwnError(thrown);
    if (error !== undefined) this.#record(error, error.status, request);
    if (this.#host.httpAdapter.isHeadersSent(response)) {
      cutConnection(response);
      return;
    }
    if (error !== undefined) {
      this.#send(response, this.#toAnswer(error, requestIdOf(request)), requestIdOf(request));
      return;
    }
    // Neither an error of ours nor one that was not foreseen: it is an exception with a status.
    const exception = thrown as HttpException | RequestError;
    if (this.#isProblemForAll) this.#answerAsProblem(exception, request, response);
    else new BaseExceptionFilter(this.#host.httpAdapter).catch(exception, host);
  }

  #answerAsProblem(exception: HttpException | RequestError, request: object, response: ResponseLike): void {
    const requestId = requestIdOf(request);
    const known = catalogErrorOf(exception);
    const answer = known === undefined ? toExceptionProblem(exception, requestId) : this.#toAnswer(known, requestId);
    this.#record(known ?? new SallyportError('SP_REQUEST_INVALID', { cause: exception }), answer.status, request);
    this.#send(response, answer, requestId);
  }

  #toAnswer(error: SallyportError, requestId: string): HttpAnswer {
    const { status, headers, body } = toProblem(error, { requestId, documentationOrigin: this.#documentationOrigin });
    if (this.#isProblemForAll) return { status, headers, body };
    // Clients of an application that answers as Nest does read `message`.
    const { statusCode, message } = toHttpException(error).getResponse();
    return { status, headers, body: { ...body, statusCode, message } };
  }

  #send(response: ResponseLike, { status, headers, body }: HttpAnswer, requestId: string): void {
    setHeaders(response, { ...headers, 'x-request-id': requestId });
    this.#host.httpAdapter.reply(response, JSON.stringify(body), status);
  }

  /** GraphQL makes an entry in `errors` of what is thrown here, and shows its message. */
  #rethrow(thrown: unknown, host: ArgumentsHost): void {
    const error = thrown instanceof SallyportError ? thrown : undefined;
    const isForeseen = thrown instanceof HttpException || (thrown instanceof Error && 'extensions' in thrown);
    if (error === undefined && isForeseen) return;
    const known = error ?? new SallyportError('SP_INTERNAL', { cause: thrown });
    const call = callOf(host);
    this.#record(known, known.status, call);
    const exception = toHttpException(known);
    rememberRequestIdOf(exception, requestIdOf(call));
    throw exception;
  }

  #answerMessage(thrown: unknown, host: ArgumentsHost): unknown {
    if (!(thrown instanceof SallyportError)) return undefined;
    this.#record(thrown, thrown.status, callOf(host));
    return throwError(() => toMessageError(thrown, host));
  }

  #record(error: SallyportError, status: number, call: object): void {
    this.#log.record(error, { requestId: requestIdOf(call), status, caller: callerOf(call) });
  }
}

/**
 * An error of ours, or the one for what was not foreseen: its text never reaches the caller, because it may hold anything.
 * `undefined` for an exception that the application, Nest or its adapter threw with a status.
 */
function toOwnError(thrown: unknown): SallyportError | undefined {
  if (thrown instanceof SallyportError) return thrown;
  if (thrown instanceof HttpException) {
    const { cause } = thrown;
    // What a body parser was told to refuse, in what Nest made of it.
    return cause instanceof SallyportError && thrown.getResponse() === cause.message ? cause : undefined;
  }
  return isRequestError(thrown) ? undefined : new SallyportError('SP_INTERNAL', { cause: thrown });
}
