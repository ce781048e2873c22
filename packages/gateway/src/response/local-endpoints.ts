import type { IncomingMessage, ServerResponse } from 'node:http';
import { internalKeysPath, SallyportError, type KeyRing } from '@sallyport/core';
import type { Mount } from '../routing/mount.ts';

const usualMaxAgeSeconds = 300;

/** The public keys of internal tokens, on both listeners. Where a shared secret signs there are none, and no such address. */
export function createKeysMount(keyRing: KeyRing): Mount {
  const { maxAgeSeconds = usualMaxAgeSeconds, sharedSecret } = keyRing;
  return {
    name: 'keys',
    prefix: internalKeysPath,
    access: 'public',
    slide: false,
    machines: true,
    crossOrigin: 'documents',
    handle: (request, response) => {
      if (request.url !== internalKeysPath) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
      }
      if (sharedSecret !== undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-public-keys' });
      const body = JSON.stringify(keyRing.publicKeys('internal'));
      response.writeHead(200, {
        'content-type': 'application/jwk-set+json',
        'cache-control': `public, max-age=${maxAgeSeconds}`,
        'content-length': Buffer.byteLength(body),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    },
  };
}

export interface HealthParts {
  readonly isReady: () => boolean;
  /** What an operator should look at although the gateway is ready, as constant words. */
  readonly readinessWarnings: () => readonly string[];
  readonly strictTransport: string | undefined;
}

/**
 * Answers `/healthz` and `/readyz`, by their exact bytes and under any Host: a probe knows an address, not a name.
 * The answers are made of constants, so there is nothing here to protect.
 *
 * @returns whether the request was one of them.
 */
export function answerHealth(request: IncomingMessage, response: ServerResponse, parts: HealthParts): boolean {
  if (request.url !== '/healthz' && request.url !== '/readyz') return false;
  if ((request.method !== 'GET' && request.method !== 'HEAD') || request.httpVersionMajor !== 1) return false;
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
    return false;
  const isFine = request.url === '/healthz' || parts.isReady();
  const warnings = request.url === '/readyz' && isFine ? parts.readinessWarnings() : [];
  const body = JSON.stringify({
    status: isFine ? 'ok' : 'not-ready',
    ...(warnings.length === 0 ? {} : { warnings }),
  });
  response.writeHead(isFine ? 200 : 503, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': body.length,
    ...(isFine ? {} : { 'retry-after': '1' }),
    ...(parts.strictTransport === undefined ? {} : { 'strict-transport-security': parts.strictTransport }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  return true;
}
