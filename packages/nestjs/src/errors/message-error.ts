import { STATUS_CODES } from 'node:http';
import { errorCatalog, type SallyportError } from '@sallyport/core';
import type { ArgumentsHost } from '@nestjs/common';

/** What the caller of a message handler gets for an error of ours. */
export type MessageError = Readonly<Record<string, unknown>>;

/** Status codes of gRPC by status codes of HTTP, as google.rpc.Code maps them. */
const grpcCodes: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [409, 10],
  [422, 3],
  [429, 8],
  [501, 12],
  [503, 14],
  [504, 4],
]);

const grpcInternal = 13;

/**
 * Writes an error of the catalog as what a message handler answers with: in the form of Nest's own (`status`, `message`)
 * with code and status beside it, and over gRPC as a status.
 *
 * @see {@link https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto google.rpc.Code}
 */
export function toMessageError({ code, detail }: SallyportError, host: ArgumentsHost): MessageError {
  const { status, title } = errorCatalog[code];
  if (isGrpcCall(host)) {
    const details = `${code}: ${detail ?? title}`;
    return { code: grpcCodes.get(status) ?? grpcInternal, message: details, details };
  }
  return {
    status: 'error',
    message: detail ?? title,
    code,
    statusCode: status,
    error: STATUS_CODES[status] ?? 'Error',
  };
}

/** Nest hands a handler of gRPC the message, the metadata and the call. */
function isGrpcCall(host: ArgumentsHost): boolean {
  const call: unknown = host.getArgByIndex(2);
  return typeof call === 'object' && call !== null && 'sendMetadata' in call && 'getPeer' in call;
}
