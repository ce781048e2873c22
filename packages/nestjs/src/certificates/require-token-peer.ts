import { SallyportError, type Caller } from '@sallyport/core';
import type { MutualTlsUse } from '../access/resolve-access.ts';
import type { ServiceCertificates } from './service-certificates.ts';

/**
 * Checks that the token of a caller came over a connection over which it counts. On the path of every request: where no
 * certificate is asked for and the token is bound to none, it looks at two members and nothing else.
 *
 * @param callOf the request. Of another transport it has no connection, so that what would need one is refused.
 * @returns the caller.
 * @throws `SP_UNAUTHENTICATED` for the certificate, `SP_TOKEN_INVALID` where it is not that of the token.
 */
export function requireTokenPeer(
  caller: Caller,
  certificates: ServiceCertificates | undefined,
  callOf: () => object | undefined,
  use?: MutualTlsUse,
): Caller {
  if (caller.kind === 'anonymous') return caller;
  const isAsked = use !== undefined || certificates?.limitsTokens === true;
  if (!isAsked && caller.boundCertificate === undefined) return caller;
  // The start is refused where a handler asks; what remains is a token that is bound.
  if (certificates === undefined)
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'token-bound-to-a-certificate' });
  certificates.requireTokenPeer(callOf(), caller, use);
  return caller;
}
