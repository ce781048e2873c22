import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  parseConstraints,
  toConstraints,
  toGeneralNames,
  type CertificateNames,
  type NameConstraints,
} from './certificate-names.ts';
import {
  bitString,
  contentOf,
  elementsOf,
  enumerated,
  implicit,
  implicitConstructed,
  booleanTrue,
  objectIdentifier,
  octetString,
  sequence,
  unsignedInteger,
  type Der,
} from './der.ts';

/** What a certificate may be used for (RFC 5280, section 4.2.1.12). */
export type CertificateUsage = 'client' | 'server';

const nameConstraints = '2.5.29.30';
const purposes: Readonly<Record<CertificateUsage, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
};

/** Extensions of an authority that signs leaves and lists, and no further authority. */
export function authorityExtensions(publicKey: KeyObject, constraints: NameConstraints): readonly Der[] {
  const permitted = toConstraints(constraints).map((name) => sequence(name));
  const limits =
    permitted.length === 0 ? [] : [critical(nameConstraints, sequence(implicitConstructed(0, ...permitted)))];
  return [
    critical('2.5.29.19', sequence(booleanTrue(), unsignedInteger(Buffer.from([0])))),
    // keyCertSign and cRLSign are the bits 5 and 6.
    critical('2.5.29.15', bitString(Buffer.from([0x06]), 1)),
    subjectKeyIdentifier(publicKey),
    ...limits,
  ];
}

/** Extensions of a certificate that signs nothing but handshakes. */
export function leafExtensions(
  publicKey: KeyObject,
  authorityKey: KeyObject,
  names: CertificateNames,
  usages: readonly CertificateUsage[],
): readonly Der[] {
  const generalNames = toGeneralNames(names);
  return [
    critical('2.5.29.19', sequence()),
    critical('2.5.29.15', bitString(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', sequence(...usages.map((usage) => objectIdentifier(purposes[usage])))),
    subjectKeyIdentifier(publicKey),
    authorityKeyIdentifier(authorityKey),
    ...(generalNames.length === 0 ? [] : [extension('2.5.29.17', sequence(...generalNames))]),
  ];
}

/** Extensions of a list of revoked certificates (RFC 5280, section 5.2). */
export function listExtensions(authorityKey: KeyObject, number: Uint8Array): readonly Der[] {
  return [authorityKeyIdentifier(authorityKey), extension('2.5.29.20', unsignedInteger(number))];
}

/** Why a certificate was revoked (RFC 5280, section 5.3.1). */
export function reasonExtension(code: number): Der {
  return extension('2.5.29.21', enumerated(code));
}

/** Reads below what an authority of {@link authorityExtensions} may sign. */
export function constraintsOf(authority: X509Certificate): NameConstraints {
  const [toBeSigned = Buffer.alloc(0)] = elementsOf(authority.raw);
  const [extensions = Buffer.alloc(0)] = elementsOf(elementsOf(toBeSigned).at(-1) ?? Buffer.alloc(0));
  const isConstraints = (entry: Buffer): boolean =>
    elementsOf(entry)[0]?.equals(objectIdentifier(nameConstraints)) === true;
  const value = elementsOf(extensions).find(isConstraints);
  if (value === undefined) return { trustDomains: [], domains: [] };
  const [permitted = Buffer.alloc(0)] = elementsOf(contentOf(elementsOf(value).at(-1) ?? Buffer.alloc(0)));
  return parseConstraints(elementsOf(permitted).flatMap((name) => elementsOf(name)));
}

/** Reads what a certificate may be used for from the identifiers that Node lists. */
export function usagesOf(keyUsage: readonly string[]): readonly CertificateUsage[] {
  return (['client', 'server'] as const).filter((usage) => keyUsage.includes(purposes[usage]));
}

function subjectKeyIdentifier(publicKey: KeyObject): Der {
  return extension('2.5.29.14', octetString(keyIdentifier(publicKey)));
}

function authorityKeyIdentifier(publicKey: KeyObject): Der {
  return extension('2.5.29.35', sequence(implicit(0, keyIdentifier(publicKey))));
}

/** The first 160 bits of the SHA-256 of the key (RFC 7093, section 2, method 1). */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const [, key = Buffer.alloc(0)] = elementsOf(publicKey.export({ type: 'spki', format: 'der' }));
  const withoutUnusedBits = contentOf(key).subarray(1);
  return createHash('sha256').update(withoutUnusedBits).digest().subarray(0, 20);
}

function extension(id: string, value: Der): Der {
  return sequence(objectIdentifier(id), octetString(value));
}

function critical(id: string, value: Der): Der {
  return sequence(objectIdentifier(id), booleanTrue(), octetString(value));
}
