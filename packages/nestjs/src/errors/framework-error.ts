import { STATUS_CODES } from 'node:http';
import { SallyportError, type ErrorCode } from '@sallyport/core';
import { HttpException, NotFoundException } from '@nestjs/common';

/** What the body parsers of Express and of Fastify put on their errors, and what it means. */
const codeByMark: ReadonlyMap<unknown, ErrorCode> = new Map([
  ['entity.parse.failed', 'SP_JSON_MALFORMED'],
  ['FST_ERR_CTP_INVALID_JSON_BODY', 'SP_JSON_MALFORMED'],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', 'SP_JSON_MALFORMED'],
  ['entity.too.large', 'SP_BODY_TOO_LARGE'],
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'SP_BODY_TOO_LARGE'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'SP_MEDIA_TYPE_UNSUPPORTED'],
  ['charset.unsupported', 'SP_MEDIA_TYPE_UNSUPPORTED'],
  ['encoding.unsupported', 'SP_MEDIA_TYPE_UNSUPPORTED'],
]);

/**
 * Codes whose sentence is true whatever was meant by the status. What conflicts (409) or was not valid (422) is for the
 * exception to say.
 */
const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'SP_UNAUTHENTICATED'],
  [403, 'SP_FORBIDDEN'],
  [404, 'SP_NOT_FOUND'],
  [405, 'SP_METHOD_NOT_ALLOWED'],
  [413, 'SP_BODY_TOO_LARGE'],
  [415, 'SP_MEDIA_TYPE_UNSUPPORTED'],
  [429, 'SP_TOO_MANY_ATTEMPTS'],
  [431, 'SP_HEADERS_TOO_LARGE'],
  [502, 'SP_UPSTREAM_UNAVAILABLE'],
  [503, 'SP_SERVICE_UNAVAILABLE'],
  [504, 'SP_UPSTREAM_TIMEOUT'],
]);

/** An error that Express, Fastify or http-errors marked as one of the request, with its status. */
export interface RequestError extends Error {
  readonly statusCode: number;
}

/** Says whether an error is about the request: what a body parser, a router or a middleware throws. */
export function isRequestError(thrown: unknown): thrown is RequestError {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number') return false;
  return thrown.statusCode >= 400 && thrown.statusCode < 500;
}

/**
 * Finds the code of the catalog for an exception in which no one wrote a word: what the framework threw by itself, and
 * `new ForbiddenException()`. `undefined` where the exception has something to say.
 */
export function catalogErrorOf(thrown: HttpException | RequestError): SallyportError | undefined {
  const cause = thrown instanceof HttpException ? (thrown.cause ?? thrown) : thrown;
  const marked = codeByMark.get(markOf(cause)) ?? codeByMark.get(markOf(thrown));
  if (marked !== undefined) return new SallyportError(marked, { cause });
  if (thrown instanceof HttpException && !isUnspoken(thrown)) return undefined;
  const status = thrown instanceof HttpException ? thrown.getStatus() : thrown.statusCode;
  const code = codeByStatus.get(status);
  return code === undefined ? undefined : new SallyportError(code, { cause: thrown });
}

function markOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('type' in error) return error.type;
  return 'code' in error ? error.code : undefined;
}

/** Holds the text that its class gives it, or the one of a router that has no such route. */
function isUnspoken(thrown: HttpException): boolean {
  const said = thrown.getResponse();
  if (typeof said === 'string' || !('message' in said)) return false;
  const { message, statusCode: _, error: __, ...others } = said as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0) return false;
  if (message === STATUS_CODES[thrown.getStatus()]) return true;
  return thrown instanceof NotFoundException && /^Cannot [A-Z]+ \//.test(String(message));
}
