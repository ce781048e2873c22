import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asSallyportError, toProblem, type Logger, type ProblemResponse } from '@sallyport/core';
import { callerOf } from '../request-caller.ts';
import { requestIdOf } from '../request-id.ts';

/** How a refusal is told and logged. */
export interface RefusalParts {
  readonly documentationOrigin: string;
  readonly logger: Logger;
}

/** How long the answer may take to be read. */
const readMilliseconds = 1000;

/** Answers an upgrade with a problem, as plain HTTP, and ends the connection: no WebSocket was there yet. */
export function refuseUpgrade(request: IncomingMessage, socket: Duplex, error: unknown, parts: RefusalParts): void {
  const { status, headers, body } = refuse(request, error, parts);
  const text = JSON.stringify(body);
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(text)), connection: 'close' });
  socket.on('error', () => {});
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
      '',
      text,
    ].join('\r\n'),
  );
  const timer = setTimeout(() => socket.destroy(), readMilliseconds);
  socket.once('close', () => clearTimeout(timer));
}

/** Answers a request of a transport without WebSockets, such as long polling. */
export function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  parts: RefusalParts,
): void {
  const { status, headers, body } = refuse(request, error, parts);
  response.writeHead(status, { ...headers, connection: 'close' }).end(JSON.stringify(body));
}

function refuse(request: IncomingMessage, thrown: unknown, { documentationOrigin, logger }: RefusalParts): Refusal {
  const error = asSallyportError(thrown);
  const requestId = requestIdOf(request);
  const caller = callerOf(request);
  const fields = {
    requestId,
    status: error.status,
    code: error.code,
    reason: error.reason,
    subject: caller.kind === 'anonymous' ? undefined : caller.id,
  };
  if (error.status < 500) logger.info('handshake refused', { event: 'handshake-refused', ...fields });
  else logger.error('handshake failed', { event: 'handshake-failed', ...fields, stack: error.stack });
  const { status, headers, body } = toProblem(error, { requestId, documentationOrigin });
  return { status, headers: { ...headers, 'x-request-id': requestId }, body };
}

type Refusal = Pick<ProblemResponse, 'status' | 'headers' | 'body'>;
