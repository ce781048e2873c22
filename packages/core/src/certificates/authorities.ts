import { X509Certificate } from 'node:crypto';
import { readCertificateFacts, type CertificateFacts } from './certificate-facts.ts';
import { isCutOff } from './pem-blocks.ts';

/** A certificate that issues others, and what of it Node does not tell. */
export interface Authority {
  /** Its name and its key: a root that was renewed with both is the same authority. */
  readonly id: string;
  readonly certificate: X509Certificate;
  readonly facts: CertificateFacts;
  /** Whether it signed itself: only then does a path end at it. */
  readonly isRoot: boolean;
}

/** What is wrong with a file of authorities, in words for its operator. */
export class AuthoritiesError extends Error {
  override readonly name: string = 'AuthoritiesError';
}

const pemBlock = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Reads the authorities that are trusted: roots, and what stands between them and the certificates of machines. */
export function readAuthorities(pem: string): readonly Authority[] {
  const blocks = pem.match(pemBlock) ?? [];
  if (blocks.length === 0)
    throw new AuthoritiesError('holds no certificate; it must be PEM: -----BEGIN CERTIFICATE-----');
  if (isCutOff(pem)) throw new AuthoritiesError('ends in the middle of a certificate: it is not written yet');
  const authorities = blocks.map(toAuthority);
  if (!authorities.some(({ isRoot }) => isRoot))
    throw new AuthoritiesError('holds no root: add the certificate that signed itself, at which every path ends');
  return authorities;
}

/** Reads a certificate as an authority. @throws AuthoritiesError when it must not issue others, or is damaged. */
export function toAuthority(source: string | X509Certificate): Authority {
  try {
    const certificate = typeof source === 'string' ? new X509Certificate(source) : source;
    if (!certificate.ca) throw new AuthoritiesError('holds a certificate that is no authority (basicConstraints CA)');
    const facts = readCertificateFacts(certificate);
    const isRoot =
      facts.subjectName === facts.issuerName &&
      certificate.checkIssued(certificate) &&
      certificate.verify(certificate.publicKey);
    const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
    return { id: `${facts.subjectName} ${key.toString('base64')}`, certificate, facts, isRoot };
  } catch (error) {
    if (error instanceof AuthoritiesError) throw error;
    throw new AuthoritiesError('holds a certificate that is damaged', { cause: error });
  }
}
