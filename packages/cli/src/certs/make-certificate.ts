import { randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto';
import {
  bitString,
  elementsOf,
  implicitConstructed,
  objectIdentifier,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
  type Der,
} from './der.ts';

/** What stands in a certificate. */
export interface CertificateTemplate {
  /** Distinguished names in DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Der[];
}

const organizationName = '2.5.4.10';
const commonName = '2.5.4.3';
export const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const version3 = implicitConstructed(0, unsignedInteger(Buffer.from([2])));

/**
 * Makes a certificate (RFC 5280, section 4.1), signed with ECDSA and SHA-256. Its serial number is 128 random bits: none comes
 * twice, and none tells how many there are.
 */
export function makeCertificate(template: CertificateTemplate, signingKey: KeyObject): X509Certificate {
  const { issuer, subject, notBefore, notAfter, publicKey, extensions } = template;
  const toBeSigned = sequence(
    version3,
    unsignedInteger(randomBytes(16)),
    ecdsaWithSha256,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    implicitConstructed(3, sequence(...extensions)),
  );
  return new X509Certificate(signed(toBeSigned, signingKey));
}

/** What was signed, how, and the signature: certificates and lists alike. */
export function signed(toBeSigned: Der, signingKey: KeyObject): Der {
  return sequence(toBeSigned, ecdsaWithSha256, bitString(sign('sha256', toBeSigned, signingKey)));
}

/** A distinguished name, with the organization first where there is one. */
export function distinguishedName(common: string, organization?: string): Der {
  const organizations = organization === undefined ? [] : [attribute(organizationName, organization)];
  return sequence(...organizations, attribute(commonName, common));
}

/** The name of a leaf: that of the authority, with the common name of its own. */
export function subjectBelow(issuer: Buffer, common: string): Der {
  const isCommonName = (relativeName: Buffer): boolean => relativeName.includes(objectIdentifier(commonName));
  return sequence(...elementsOf(issuer).filter((name) => !isCommonName(name)), attribute(commonName, common));
}

/** The subject of a certificate in DER, byte by byte as it stands there. */
export function subjectOf(certificate: X509Certificate): Buffer {
  const [toBeSigned = Buffer.alloc(0)] = elementsOf(certificate.raw);
  return elementsOf(toBeSigned)[5] ?? Buffer.alloc(0);
}

function attribute(id: string, value: string): Der {
  return set(sequence(objectIdentifier(id), utf8String(value)));
}
