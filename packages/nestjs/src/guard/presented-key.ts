import { SallyportError } from '@sallyport/core';
import type { Credentials } from '../transports/guarded-transport.ts';

const keyScheme = /^apikey (\S+)$/i;

/**
 * Reads an API key, as the gateway takes it: `X-API-Key`, or `Authorization: ApiKey`.
 *
 * @throws `SP_CREDENTIALS_CONFLICT` beside another credential: which of both would count, a request does not say.
 */
export function presentedKey({ authorization, 'x-api-key': header }: Credentials): string | undefined {
  if (header === undefined) return typeof authorization === 'string' ? keyScheme.exec(authorization)?.[1] : undefined;
  if (authorization !== undefined || typeof header !== 'string')
    throw new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'key-and-another-credential' });
  return header;
}
