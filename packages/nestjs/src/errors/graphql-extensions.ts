import { errorCatalog, type ErrorCode, type FieldError, type StepUp } from '@sallyport/core';
import { sharedWeakMap } from '../shared-across-builds.ts';

/** What a client of GraphQL finds under `extensions` of an error. */
export interface GraphqlExtensions {
  /** The word by which clients of GraphQL know a status, such as `UNAUTHENTICATED`. */
  readonly code: string;
  /** What the body of the same error says over HTTP. */
  readonly problem: {
    readonly code: ErrorCode;
    readonly status: number;
    readonly title: string;
    readonly hint: string;
    readonly requestId?: string;
    readonly detail?: string;
    readonly errors?: readonly FieldError[];
    readonly stepUp?: StepUp;
  };
}

/** What is said of an error: no reason, no cause, nothing that was needed or held. */
export interface DescribedError {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly stepUp: StepUp | undefined;
}

const wordByStatus: ReadonlyMap<number, string> = new Map([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [409, 'CONFLICT'],
  [422, 'BAD_USER_INPUT'],
  [429, 'TOO_MANY_REQUESTS'],
  [503, 'SERVICE_UNAVAILABLE'],
]);

const requestIds = sharedWeakMap<object, string>('request-ids-of-errors');

/** Notes in which request an error was thrown, so that a client can name it. */
export function rememberRequestIdOf(error: object, requestId: string): void {
  requestIds.set(error, requestId);
}

/** Describes an error to clients of GraphQL. */
export function toGraphqlExtensions(error: DescribedError): GraphqlExtensions {
  const { code, detail, errors, stepUp } = error;
  const { status, title, hint } = errorCatalog[code];
  const requestId = requestIds.get(error);
  return {
    code: wordByStatus.get(status) ?? 'INTERNAL_SERVER_ERROR',
    problem: {
      code,
      status,
      title,
      hint,
      ...(requestId === undefined ? {} : { requestId }),
      ...(detail === undefined ? {} : { detail }),
      ...(errors === undefined ? {} : { errors }),
      ...(stepUp === undefined ? {} : { stepUp }),
    },
  };
}
