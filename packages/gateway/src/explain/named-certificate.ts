import { SallyportError, toCertificateName, type ClientCertificate } from '@sallyport/core';
import type { ReadMachineCertificate } from '../machines/machine-certificates.ts';

const hourMilliseconds = 3_600_000;

/**
 * Stands for the certificate of a machine in a question: one of that name that was verified, or none.
 *
 * @throws OptionsError for what is no name of a certificate.
 */
export function readNamedCertificate(name: string | undefined): ReadMachineCertificate {
  if (name === undefined)
    return () => {
      throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'certificate-missing' });
    };
  const known = toCertificateName(name);
  return (_socket, _headers, at) => toCertificate(known, at);
}

function toCertificate(name: string, at: number): ClientCertificate {
  const isSpiffeId = name.startsWith('spiffe:');
  return {
    subject: isSpiffeId ? '' : name,
    ...(isSpiffeId ? { spiffeId: name } : {}),
    dnsNames: [],
    uris: isSpiffeId ? [name] : [],
    emails: [],
    addresses: [],
    // No token is bound to it, and nothing shows it.
    thumbprint: '',
    serialNumber: '',
    issuer: '',
    validFrom: new Date(at),
    expiresAt: new Date(at + hourMilliseconds),
    pem: '',
  };
}
