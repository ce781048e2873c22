import { IncomingMessage } from 'node:http';
import {
  certificateNameOf,
  freezePrincipal,
  SallyportError,
  toCertificateName,
  type ClientCertificate,
  type Principal,
  type ServicePrincipal,
} from '@sallyport/core';
import type { MutualTlsUse } from '../access/resolve-access.ts';
import { isCaller, type CertificateCaller, type CertificatesOptions } from './certificates-options.ts';
import type { CertificateTrust } from './certificate-trust.ts';
import { createPeerCertificates } from './peer-certificates.ts';
import { rememberCertificate } from './request-certificate.ts';

/** The client certificates that this service looks at. */
export interface ServiceCertificates {
  readonly trust: CertificateTrust;
  /** Whether tokens count over the connections of some alone. */
  readonly limitsTokens: boolean;
  /** Who calls, by the certificate alone. Throws `SP_UNAUTHENTICATED` with the reason for the log. */
  callerOf(call: object | undefined): ServicePrincipal;
  /**
   * Checks that a token came over a connection over which it counts.
   *
   * @param use what the handler asks for.
   * @throws `SP_UNAUTHENTICATED` for the certificate, `SP_TOKEN_INVALID` where it is not that of the token.
   */
  requireTokenPeer(call: object | undefined, token: Principal, use: MutualTlsUse | undefined): void;
  /** Whether a certificate alone said who this caller is. */
  isByCertificate(caller: Principal): boolean;
}

/** Builds them from options that were checked. */
export function createServiceCertificates(
  { callers, tokensFrom, behindProxy = [] }: CertificatesOptions,
  trust: CertificateTrust,
): ServiceCertificates {
  const read = createPeerCertificates({ trust: trust.current, proxies: behindProxy, clock: Date.now });
  const find = toLookUp(callers);
  const presenters = tokensFrom === undefined ? undefined : new Set(tokensFrom.map(toCertificateName));
  // One object for what one certificate says, so that it is told from the principal of a token.
  const principals = new WeakMap<CertificateCaller, ServicePrincipal>();
  const made = new WeakSet<Principal>();

  const certificateOf = (call: object | undefined): ClientCertificate => {
    // Only requests have a connection that they came over.
    if (!(call instanceof IncomingMessage)) throw unauthenticated('certificate-not-of-this-transport');
    const certificate = read(call);
    rememberCertificate(call, certificate);
    return certificate;
  };
  const principalOf = (caller: CertificateCaller): ServicePrincipal => {
    const known = principals.get(caller);
    if (known !== undefined) return known;
    const principal = toPrincipal(caller);
    principals.set(caller, principal);
    made.add(principal);
    return principal;
  };

  return {
    trust,
    limitsTokens: presenters !== undefined,
    isByCertificate: (caller) => made.has(caller),
    callerOf: (call) => {
      const caller = find(certificateOf(call));
      if (caller === undefined) throw unauthenticated('certificate-not-mapped');
      return principalOf(caller);
    },
    requireTokenPeer: (call, { boundCertificate }, use) => {
      const certificate = certificateOf(call);
      if (boundCertificate !== undefined && boundCertificate !== certificate.thumbprint)
        throw new SallyportError('SP_TOKEN_INVALID', { reason: 'token-of-another-certificate' });
      const isPresenter = presenters?.has(certificateNameOf(certificate) ?? '') === true;
      if (presenters !== undefined && !isPresenter) throw unauthenticated('certificate-not-of-a-gateway');
      // Every holder of a certificate of these authorities could bring a stolen token along.
      if (use === 'with-token' && boundCertificate === undefined && !isPresenter)
        throw new SallyportError('SP_TOKEN_INVALID', { reason: 'token-not-bound' });
    },
  };
}

function toLookUp(
  callers: CertificatesOptions['callers'],
): (certificate: ClientCertificate) => CertificateCaller | undefined {
  if (callers === undefined) return () => undefined;
  if (typeof callers === 'function')
    return (certificate) => {
      const caller: unknown = callers(certificate);
      if (caller === undefined || isCaller(caller)) return caller;
      throw new SallyportError('SP_INTERNAL', { reason: 'callers-answered-no-caller' });
    };
  const byName = new Map(Object.entries(callers).map(([name, caller]) => [toCertificateName(name), caller]));
  return (certificate) => byName.get(certificateNameOf(certificate) ?? '');
}

/** As for an API key: a machine proved no sign-in. */
function toPrincipal({ id, permissions = [], roles = [] }: CertificateCaller): ServicePrincipal {
  return freezePrincipal<ServicePrincipal>({
    kind: 'service',
    id,
    roles: [...roles],
    permissions: [...permissions],
    acr: 'pwd',
    amr: [],
    authTime: new Date(0),
    credential: 'mtls',
    generation: { session: 0, user: 0, policy: 0 },
  });
}

function unauthenticated(reason: string): SallyportError {
  return new SallyportError('SP_UNAUTHENTICATED', { reason });
}
