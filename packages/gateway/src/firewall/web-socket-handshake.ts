import type { IncomingMessage } from 'node:http';
import { SallyportError } from '@sallyport/core';

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
