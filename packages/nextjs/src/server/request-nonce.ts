import 'server-only';
import { headersOfRequest } from './request-headers.ts';

/**
 * The nonce that `zoneProxy()` chose for this request, for an inline script of the application's own.
 * `undefined` where `proxy.ts` did not run.
 */
export async function requestNonce(): Promise<string | undefined> {
  return (await headersOfRequest('requestNonce')).get('x-nonce') ?? undefined;
}
