import type { StepUp } from '../policy/assurance.ts';
import type { Requirement } from '../policy/requirement.ts';
import { errorCatalog, type ErrorCode } from './error-catalog.ts';
import { isKnownAcrossBuilds } from './known-across-builds.ts';
import type { NamedRequestLimit } from '../limits/request-limit.ts';

/** A field that was refused, and why. Never holds the refused value. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** What a program needs to answer the demand for a second factor. */
export interface SecondFactorDemand {
  /** Stands for the password that was right, for a few minutes and one sign-in: for the caller alone, in no log. */
  readonly mfaToken: string;
  /** With what it can be answered, such as `totp`. */
  readonly methods: readonly string[];
  readonly expiresInSeconds: number;
}

export interface SallyportErrorOptions {
  /** For our logs only. */
  readonly cause?: unknown;
  /** For our logs only: a stable word that an operator can search for. */
  readonly reason?: string;
  /** For our logs only: roles and permissions that were asked for; for `SP_FORBIDDEN`. */
  readonly requirement?: Requirement;
  /** For the caller: a sentence about this very case, such as the text of a policy. Never what they may not know. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  /** Methods for the `Allow` header of a 405. */
  readonly allow?: readonly string[];
  /** Which sign-in would be enough; for `SP_STEP_UP_REQUIRED`. */
  readonly stepUp?: StepUp;
  /** For the caller: the scopes that would be enough (RFC 6750, section 3.1); for `SP_FORBIDDEN`. */
  readonly scopes?: readonly string[];
  /** How the sign-in is completed; for `SP_SECOND_FACTOR_REQUIRED` of a program. */
  readonly secondFactor?: SecondFactorDemand;
  /** The nonce for the next proof; for `SP_DPOP_NONCE_REQUIRED`. */
  readonly dpopNonce?: string;
  /** The limit that is used up; for `SP_TOO_MANY_REQUESTS`. */
  readonly requestLimit?: NamedRequestLimit;
}

/**
 * Every instance of `SallyportError` carries it. A class of a framework that puts it on its prototype, beside the same
 * members, is taken for one.
 */
export const sallyportErrorMark = Symbol.for('@sallyport/core:SallyportError');

/** An error that a caller can meet. Its code, status and title are public; its cause and reason are for our logs. */
export class SallyportError extends Error {
  static {
    Object.defineProperty(this.prototype, sallyportErrorMark, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isKnownAcrossBuilds(this, SallyportError, sallyportErrorMark, value);
  }

  override readonly name = 'SallyportError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly reason: string | undefined;
  readonly requirement: Requirement | undefined;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly allow: readonly string[] | undefined;
  readonly stepUp: StepUp | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly secondFactor: SecondFactorDemand | undefined;
  readonly requestLimit: NamedRequestLimit | undefined;
  readonly dpopNonce: string | undefined;

  constructor(code: ErrorCode, options: SallyportErrorOptions = {}) {
    super(`${code}: ${errorCatalog[code].title}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = errorCatalog[code].status;
    this.reason = options.reason;
    this.requirement = options.requirement;
    this.detail = options.detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
    this.stepUp = options.stepUp;
    this.scopes = options.scopes;
    this.secondFactor = options.secondFactor;
    this.requestLimit = options.requestLimit;
    this.dpopNonce = options.dpopNonce;
  }
}

/**
 * Gives an error that was not expected the code `SP_INTERNAL`, and keeps it as the cause, for the log alone. A
 * `SallyportError` stays as it is.
 *
 * @example
 * try {
 *   await next();
 * } catch (error) {
 *   answerProblem(response, asSallyportError(error));
 * }
 */
export function asSallyportError(error: unknown, reason = 'unexpected'): SallyportError {
  return error instanceof SallyportError ? error : new SallyportError('SP_INTERNAL', { cause: error, reason });
}
