import { SallyportError, type Caller } from '@sallyport/core';
import type { MutualTlsUse } from '../access/resolve-access.ts';
import type { ServiceCertificates } from './service-certificates.ts';

/**
 * Whether the token of a caller counts over every connection, so that nothing has to be looked at. On the path of every
 * request.
 */
export function countsEverywhere(
  caller: Caller,
  certificates: ServiceCertificates | undefined,
  use?: MutualTlsUse,
): boolean {
  if (caller.kind === 'anonymous') return true;
  return use === undefined && caller.boundCertificate === undefined && certificates?.limitsTokens !== true;
}

/**
 * Checks that the token of a caller came over a connection over which it counts.
 *
 * @param call the request. Of another transport it has no connection, so that what would need one is refused.
 * @returns the caller.
 * @throws `SP_UNAUTHENTICATED` for the certificate, `SP_TOKEN_INVALID` where it is not that of the token.
 */
export function requireTokenPeer(
  caller: Caller,
  certificates: ServiceCertificates | undefined,
  call: object | undefined,
  use?: MutualTlsUse,
): Caller {
  if (caller.kind === 'anonymous' || countsEverywhere(caller, certificates, use)) return caller;
  // The start is refused where a handler asks; what remains is a token that is bound.
  if (certificates === undefined)
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'token-bound-to-a-certificate' });
  certificates.requireTokenPeer(call, caller, use);
  return caller;
}
