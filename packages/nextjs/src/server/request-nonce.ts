import 'server-only';
import { headers } from 'next/headers.js';

/**
 * The nonce that `zoneProxy()` chose for this request, for an inline script of the application's own.
 * `undefined` where `proxy.ts` did not run.
 */
export async function requestNonce(): Promise<string | undefined> {
  return (await headers()).get('x-nonce') ?? undefined;
}
