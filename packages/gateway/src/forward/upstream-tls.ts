import { X509Certificate } from 'node:crypto';
import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import { isCutOff, OptionsError, readClientCertificate } from '@sallyport/core';
import { toSecureContext, type CertificatePair } from '../listeners/secure-context.ts';

/** What the gateway presents to services, and which authorities sign the certificates of services. All as PEM. */
export interface UpstreamTls extends CertificatePair {
  /** Authorities of services. @default those that Node.js knows */
  readonly ca?: string | undefined;
}

/** The same after it was checked. */
export interface UpstreamIdentity {
  readonly secureContext: SecureContext;
  /** `x5t#S256` of the certificate (RFC 8705, section 3.1). */
  readonly thumbprint: string;
}

const pemCertificates = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/**
 * Checks what the gateway presents to services, once for all connections.
 *
 * @throws OptionsError when certificate and key do not belong together, or anything of it is not PEM.
 */
export function createUpstreamIdentity({ ca, ...pair }: UpstreamTls): UpstreamIdentity {
  const context = toSecureContext(pair);
  const problem = ca === undefined ? undefined : problemOfAuthorities(ca);
  if (problem !== undefined) throw new OptionsError(`the list of authorities of services ${problem}`);
  return {
    secureContext: createSecureContext({ ...context, ...(ca === undefined ? {} : { ca }) }),
    thumbprint: readClientCertificate(new X509Certificate(pair.cert)).thumbprint,
  };
}

/**
 * Says why a text is no list of authorities, as PEM; `undefined` when it is one. OpenSSL takes a text without a
 * certificate without a word, and then believes no service.
 */
export function problemOfAuthorities(ca: string): string | undefined {
  const certificates = ca.match(pemCertificates) ?? [];
  if (certificates.length === 0) return 'holds no certificate; it must be PEM';
  if (isCutOff(ca)) return 'ends in the middle of a certificate: it is not written yet';
  try {
    const isEach = certificates.every((pem) => new X509Certificate(pem).ca);
    return isEach ? undefined : 'holds a certificate that is of no authority';
  } catch {
    return 'holds a certificate that cannot be read as PEM';
  }
}

/**
 * Builds the check of a service that is known by its SPIFFE id: its certificate holds exactly this one URI. The name of
 * its host says nothing then. The chain is verified before.
 *
 * @see {@link https://spiffe.io/docs/latest/spiffe-specs/x509-svid/ X509-SVID}, section 5.2
 */
export function checkServiceId(expected: string): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (_host, { raw }) => (spiffeIdOf(raw) === expected ? undefined : otherService());
}

function spiffeIdOf(raw: Buffer): string | undefined {
  try {
    return readClientCertificate(raw).spiffeId;
  } catch {
    return undefined;
  }
}

/** Under the code that Node.js has for a certificate of another host. */
function otherService(): Error {
  return Object.assign(new Error('the certificate of the service does not hold the SPIFFE id of its route'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}
