import { SallyportError, type ErrorCode } from '@sallyport/core';
import { HttpException } from '@nestjs/common';
import { toValidationErrorFromTexts } from './validation-error.ts';

/** What the body parsers of Express and of Fastify put on an error about a body that is not JSON. */
const malformedBodyMarks: ReadonlySet<unknown> = new Set([
  'entity.parse.failed',
  'FST_ERR_CTP_INVALID_JSON_BODY',
  'FST_ERR_CTP_EMPTY_JSON_BODY',
]);

const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'SP_UNAUTHENTICATED'],
  [403, 'SP_FORBIDDEN'],
  [404, 'SP_NOT_FOUND'],
  [405, 'SP_METHOD_NOT_ALLOWED'],
  [409, 'SP_CONFLICT'],
  [413, 'SP_BODY_TOO_LARGE'],
  [415, 'SP_MEDIA_TYPE_UNSUPPORTED'],
  [422, 'SP_VALIDATION_FAILED'],
  [429, 'SP_TOO_MANY_ATTEMPTS'],
  [431, 'SP_HEADERS_TOO_LARGE'],
  [502, 'SP_UPSTREAM_UNAVAILABLE'],
  [503, 'SP_SERVICE_UNAVAILABLE'],
  [504, 'SP_UPSTREAM_TIMEOUT'],
]);

/** An error of ours, and the status to answer with where the catalog has no code of exactly that status. */
export interface TranslatedError {
  readonly error: SallyportError;
  readonly status: number;
}

/**
 * Translates whatever a handler, a pipe, a body parser or the router threw. An unexpected error is `SP_INTERNAL`.
 * The text of an exception never reaches the caller: it may hold anything.
 */
export function toSallyportError(thrown: unknown): TranslatedError {
  const error = thrown instanceof SallyportError ? thrown : fromStatus(thrown);
  const status = statusOf(thrown);
  const isOtherRefusal = error.code === 'SP_REQUEST_INVALID' && status !== undefined;
  return { error, status: isOtherRefusal ? status : error.status };
}

function fromStatus(thrown: unknown): SallyportError {
  const status = statusOf(thrown);
  if (status === undefined) return new SallyportError('SP_INTERNAL', { cause: thrown });
  if (status === 400) return fromBadRequest(thrown);
  const code = codeByStatus.get(status) ?? (status < 500 ? 'SP_REQUEST_INVALID' : 'SP_INTERNAL');
  return new SallyportError(code, { cause: thrown });
}

function fromBadRequest(thrown: unknown): SallyportError {
  const cause = thrown instanceof HttpException ? thrown.cause : thrown;
  // What a body parser was told to refuse, in what Nest made of it.
  if (cause instanceof SallyportError) return cause;
  if (malformedBodyMarks.has(markOf(cause))) return new SallyportError('SP_JSON_MALFORMED', { cause });
  const texts = validationTexts(thrown);
  return texts === undefined
    ? new SallyportError('SP_REQUEST_INVALID', { cause: thrown })
    : toValidationErrorFromTexts(texts);
}

/** The status of an exception of Nest, or of an error of Express or Fastify that is about the request. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) {
    const status = thrown.getStatus();
    return status >= 400 ? status : undefined;
  }
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number')
    return undefined;
  return thrown.statusCode >= 400 && thrown.statusCode < 500 ? thrown.statusCode : undefined;
}

function markOf(cause: unknown): unknown {
  if (typeof cause !== 'object' || cause === null) return undefined;
  if ('type' in cause) return cause.type;
  return 'code' in cause ? cause.code : undefined;
}

/** The pipes of Nest answer 400 with a list of texts. */
function validationTexts(thrown: unknown): readonly string[] | undefined {
  if (!(thrown instanceof HttpException)) return undefined;
  const response = thrown.getResponse();
  if (typeof response !== 'object' || !('message' in response) || !Array.isArray(response.message)) return undefined;
  return response.message.map(String);
}
