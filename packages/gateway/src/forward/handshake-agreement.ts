import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { UpstreamHeaders } from './upstream-headers.ts';

/** Says whether an upstream agreed to the handshake that was sent to it (RFC 6455, section 4.2.2). */
export function isAgreement(message: IncomingMessage, status: number, headers: UpstreamHeaders): boolean {
  const { upgrade } = headers;
  return (
    status === 101 &&
    typeof upgrade === 'string' &&
    upgrade.toLowerCase() === 'websocket' &&
    headers['sec-websocket-accept'] === acceptOf(message.headers['sec-websocket-key'] ?? '')
  );
}

/** Writes the headers of the agreement: from the upstream only what the two ends settle between them. */
export function writeAgreementHeaders(headers: UpstreamHeaders, requestId: string): string[] {
  const list = ['connection', 'Upgrade', 'upgrade', 'websocket', 'x-request-id', requestId];
  for (const name of ['sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions']) {
    const value = headers[name];
    if (value !== undefined) list.push(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return list;
}

/** The constant is the protocol's. SHA-1 protects nothing here: it shows that the upstream read the key. */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
