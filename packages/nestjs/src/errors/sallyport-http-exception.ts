import { STATUS_CODES } from 'node:http';
import {
  errorCatalog,
  SallyportError,
  sallyportErrorMark,
  type ErrorCode,
  type FieldError,
  type NamedRequestLimit,
  type Requirement,
  type SallyportErrorOptions,
  type SecondFactorDemand,
  type StepUp,
} from '@sallyport/core';
import { HttpException } from '@nestjs/common';
import { toGraphqlExtensions, type GraphqlExtensions } from './graphql-extensions.ts';

/**
 * An error of the catalog as an exception of Nest: `getStatus()` is the status of its code, `getResponse()` what Nest's own
 * exceptions carry (`statusCode`, `message`, `error`) with `code`, `hint` and, where there are any, `detail`,
 * `errors`, `stepUp` and `secondFactor`.
 * So the exception filters of an application treat it rightly, also those that were written before.
 *
 * `error instanceof SallyportError` holds for these and for what the verifier of tokens rejects with. Cause and reason are
 * for the log alone.
 *
 * @example
 * const order = await orders.find(id);
 * if (order === undefined) throw new SallyportError('SP_NOT_FOUND');
 */
export class SallyportHttpException extends HttpException {
  static {
    Object.defineProperty(this.prototype, sallyportErrorMark, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): value is SallyportError {
    if (this === SallyportHttpException) return value instanceof SallyportError;
    return Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]);
  }

  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly requirement: Requirement | undefined;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly allow: readonly string[] | undefined;
  readonly stepUp: StepUp | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly dpopNonce: string | undefined;
  readonly secondFactor: SecondFactorDemand | undefined;
  readonly requestLimit: NamedRequestLimit | undefined;

  constructor(code: ErrorCode, options: SallyportErrorOptions = {}) {
    const { status } = errorCatalog[code];
    super(responseOf(code, options), status, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.reason = options.reason;
    this.requirement = options.requirement;
    this.detail = options.detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
    this.scopes = options.scopes;
    this.dpopNonce = options.dpopNonce;
    this.stepUp = options.stepUp;
    this.secondFactor = options.secondFactor;
    this.requestLimit = options.requestLimit;
  }

  // The body parser of Express writes a status of its own onto what its `verify` throws.
  override getStatus(): number {
    return errorCatalog[this.code].status;
  }

  // Nest's driver of Apollo looks for a status in what is stored, and writes a code of its own over the one in
  // `extensions`: 503 would be INTERNAL_SERVER_ERROR. Filters ask this method.
  override getResponse(): Record<string, unknown> {
    return { statusCode: this.getStatus(), ...(super.getResponse() as object) };
  }

  /** What GraphQL shows of it beside its message. */
  get extensions(): GraphqlExtensions {
    return toGraphqlExtensions(this);
  }
}

/** Gives an error of the catalog the form of an exception of Nest. One that has it stays as it is. */
export function toHttpException(error: SallyportError | SallyportHttpException): SallyportHttpException {
  if (isHttpException(error)) return error;
  const exception = new SallyportHttpException(error.code, errorOptionsOf(error));
  // Where it was thrown, not where it was translated.
  if (error.stack !== undefined) exception.stack = error.stack;
  return exception;
}

function isHttpException(error: object): error is SallyportHttpException {
  return error instanceof HttpException;
}

/** The options that an error was made with. */
function errorOptionsOf(error: SallyportError): SallyportErrorOptions {
  const { cause, reason, requirement, detail, errors, retryAfterSeconds, allow, stepUp } = error;
  const { scopes, dpopNonce, secondFactor, requestLimit } = error;
  const texts = { cause, reason, requirement, detail, errors };
  const given = { ...texts, retryAfterSeconds, allow, scopes, dpopNonce, stepUp, secondFactor, requestLimit };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function responseOf(code: ErrorCode, options: SallyportErrorOptions): Record<string, unknown> {
  const { detail, errors, stepUp, secondFactor } = options;
  const { status, title, hint } = errorCatalog[code];
  return {
    message: title,
    error: STATUS_CODES[status] ?? 'Error',
    code,
    hint,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...(stepUp === undefined ? {} : { stepUp }),
    ...(secondFactor === undefined ? {} : { secondFactor }),
  };
}
