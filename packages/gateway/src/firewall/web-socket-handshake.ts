import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';
import type { UpstreamHeaders } from '../forward/upstream-response.ts';

/** Says whether a request asks for a WebSocket and nothing else; every other upgrade is a plain request without one. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Refuses what is not exactly one opening handshake. An upstream that read it otherwise would go on speaking HTTP on a
 * connection at which the gateway no longer looks.
 *
 * @throws `SP_REQUEST_AMBIGUOUS`
 * @see {@link https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1 RFC 6455, section 4.2.1}
 */
export function requireSoundHandshake(message: IncomingMessage): void {
  const { headers, httpVersion } = message;
  // Node joins what comes twice with a comma, and then none of these holds.
  const isSound =
    httpVersion === '1.1' &&
    asksForWebSocket(message) &&
    /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(headers.connection ?? '') &&
    /^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    headers['sec-websocket-version'] === '13';
  if (!isSound) throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'handshake-malformed' });
}

/** Says whether an upstream has agreed to the very handshake that was sent to it. */
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

/** The constant is the protocol's. SHA-1 protects nothing here: it shows that the other end has read the key. */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
