import { STATUS_CODES } from 'node:http';
import { problemMediaType } from '@sallyport/core';
import { HttpException } from '@nestjs/common';
import type { RequestError } from './framework-error.ts';

/** An answer that is ready to be sent. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/**
 * Writes an exception of the application as problem+json. All that it says reaches the caller: a text as `detail`, the
 * members of an object as members of the problem. `statusCode` and `error` are said by `status` and `title`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457#section-3.2 RFC 9457, section 3.2}
 */
export function toExceptionProblem(thrown: HttpException | RequestError, requestId: string): HttpAnswer {
  const status = thrown instanceof HttpException ? thrown.getStatus() : thrown.statusCode;
  const { statusCode: _, status: __, error, message, ...members } = saidBy(thrown);
  const standard = STATUS_CODES[status] ?? 'Error';
  const title = typeof error === 'string' ? error : standard;
  const detail = toDetail(message);
  return {
    status,
    headers: { 'content-type': problemMediaType, 'cache-control': 'no-store' },
    body: {
      type: 'about:blank',
      title,
      status,
      ...(detail === undefined || detail === title ? {} : { detail }),
      requestId,
      ...(Array.isArray(message) ? { message } : {}),
      ...(error === undefined || typeof error === 'string' ? {} : { error }),
      ...members,
    },
  };
}

function saidBy(thrown: HttpException | RequestError): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof HttpException)) return { message: thrown.message };
  const said = thrown.getResponse();
  if (typeof said === 'string') return { message: said };
  // Nest lets an exception be made of an error, whose message is for the log.
  return said instanceof Error ? {} : { ...said };
}

/** The pipes of Nest say several things at once. */
function toDetail(message: unknown): string | undefined {
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? message.map(String).join('; ') : undefined;
}
