import { SallyportError } from '@sallyport/core';
import { reasonOfTlsFault, isCertificateRefused } from './tls-fault.ts';

/** How a target failed: no connection, a connection that broke, or no answer in time. */
export type UpstreamFault = 'unreachable' | 'broken' | 'timeout';

const nothingSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The code of an error of Node.js or undici; empty when it has none. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether an error came before there was a connection, so that not a byte of the request has left. */
export function isNothingSent(code: string): boolean {
  return nothingSent.has(code) || isCertificateRefused(code);
}

/** What an error says of the target; nothing when it is not the target's. */
export function faultOf(error: Error): UpstreamFault | undefined {
  const code = codeOf(error);
  if (isNothingSent(code) || reasonOfTlsFault(code) !== undefined) return 'unreachable';
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE') return 'broken';
  return /TIMEOUT|ETIMEDOUT/.test(code) ? 'timeout' : undefined;
}

/** Turns the failure of an upstream into what the caller sees: 502, or 504 when it took too long. */
export function toUpstreamError(error: Error): SallyportError {
  if (error instanceof SallyportError) return error;
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return new SallyportError('SP_UPSTREAM_UNAVAILABLE', { cause: error, reason: 'answer-headers-too-large' });
  const isTimeout = /TIMEOUT|ETIMEDOUT/.test(code);
  return new SallyportError(isTimeout ? 'SP_UPSTREAM_TIMEOUT' : 'SP_UPSTREAM_UNAVAILABLE', {
    cause: error,
    reason: reasonOfTlsFault(code) ?? (code === '' ? 'upstream-failed' : code.toLowerCase().replaceAll('_', '-')),
  });
}
