import type { X509Certificate } from 'node:crypto';
import {
  DerError,
  derTags,
  explicitTag,
  membersOf,
  readElement,
  readObjectIdentifier,
  readSerialNumber,
  type DerElement,
} from './der.ts';
import { readNameConstraints, type NameConstraints } from './name-constraints.ts';

/** What a certificate says that Node does not read from it. */
export interface CertificateFacts {
  /** In the form of the entries of a list of revoked certificates. */
  readonly serialNumber: string;
  /** The encoded name of the issuer, as the lists of revoked certificates name it. */
  readonly issuerName: string;
  /** The encoded name of the subject. */
  readonly subjectName: string;
  /** The identifier of how it is signed; of RSASSA-PSS that of its digest, in front of which `pss ` stands. */
  readonly signatureAlgorithm: string;
  /** Whether its key may prove that its holder takes part in a handshake (keyUsage). */
  readonly mayAuthenticate: boolean;
  /** How many authorities may stand below it; `undefined` for any number. */
  readonly pathLength: number | undefined;
  /** Below which names it may issue; `undefined` without constraints, and where they are not understood. */
  readonly nameConstraints: NameConstraints | undefined;
  /** Whether it has a subjectAltName, which Node shows as absent where OpenSSL cannot read it. */
  readonly hasAlternativeNames: boolean;
  /** Extensions that must be understood, by their identifiers; without constraints on names that are. */
  readonly criticalExtensions: readonly string[];
}

/** An extension of a certificate or of a list. */
export interface Extension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

const basicConstraints = '2.5.29.19';
const keyUsageId = '2.5.29.15';
const nameConstraintsId = '2.5.29.30';
const subjectAltName = '2.5.29.17';
const rsassaPss = '1.2.840.113549.1.1.10';

/** Reads a certificate that OpenSSL has parsed. @throws DerError for what is not encoded as it has to be. */
export function readCertificateFacts({ raw }: Pick<X509Certificate, 'raw'>): CertificateFacts {
  const [body, algorithm] = membersOf(readElement(raw, derTags.sequence));
  const fields = membersOf(body);
  // The version stands in front of the others, where it is not 1.
  const [serialNumber, signature, issuer, , subject, , ...optional] =
    fields[0]?.tag === explicitTag(0) ? fields.slice(1) : fields;
  const signatureAlgorithm = readSignatureAlgorithm(algorithm);
  if (algorithm === undefined || signature?.bytes.equals(algorithm.bytes) !== true)
    throw new DerError('two algorithms');
  const extensions = readExtensions(optional.find(({ tag }) => tag === explicitTag(3)));
  if (issuer === undefined || subject === undefined) throw new DerError('a part is missing');
  const constraints = extensions.find(({ id }) => id === nameConstraintsId);
  const nameConstraints = constraints === undefined ? undefined : readNameConstraints(constraints.value);
  return {
    serialNumber: readSerialNumber(serialNumber),
    issuerName: issuer.bytes.toString('base64'),
    subjectName: subject.bytes.toString('base64'),
    signatureAlgorithm,
    mayAuthenticate: mayAuthenticate(extensions),
    pathLength: pathLengthOf(extensions),
    nameConstraints,
    hasAlternativeNames: extensions.some(({ id }) => id === subjectAltName),
    criticalExtensions: extensions
      .filter(({ id, isCritical }) => isCritical && (id !== nameConstraintsId || nameConstraints === undefined))
      .map(({ id }) => id),
  };
}

/**
 * Reads the extensions in the element that wraps them; none where that is absent.
 *
 * @throws DerError also for one that is there twice: of both, each reader may take another (RFC 5280, section 4.2).
 */
export function readExtensions(wrapped: DerElement | undefined): readonly Extension[] {
  if (wrapped === undefined) return [];
  const list = readElement(wrapped.content, derTags.sequence);
  const extensions = membersOf(list).map((extension) => {
    const members = membersOf(extension);
    const isCritical = members[1]?.tag === derTags.boolean && members[1].content[0] !== 0;
    return { id: readObjectIdentifier(members[0]), isCritical, value: members.at(-1)?.content ?? Buffer.alloc(0) };
  });
  if (new Set(extensions.map(({ id }) => id)).size < extensions.length) throw new DerError('an extension twice');
  return extensions;
}

/** The identifier of RSASSA-PSS says nothing of the digest, which is SHA-1 where its parameters name none (RFC 8017, A.2.3). */
function readSignatureAlgorithm(algorithm: DerElement | undefined): string {
  const [identifier, parameters] = membersOf(algorithm);
  const id = readObjectIdentifier(identifier);
  if (id !== rsassaPss) return id;
  const digest = parameters === undefined ? undefined : membersOf(parameters).find(({ tag }) => tag === explicitTag(0));
  if (digest === undefined) return 'pss sha1';
  return `pss ${readObjectIdentifier(membersOf(readElement(digest.content, derTags.sequence))[0])}`;
}

/** digitalSignature or keyAgreement, the bits 0 and 4, are what OpenSSL asks of clients. Without the extension any use goes. */
function mayAuthenticate(extensions: readonly Extension[]): boolean {
  const value = extensions.find(({ id }) => id === keyUsageId)?.value;
  if (value === undefined) return true;
  // In front of the bits stands how many of the last byte are left over.
  const [, bits = 0] = readElement(value, derTags.bitString).content;
  return (bits & 0b1000_1000) !== 0;
}

function pathLengthOf(extensions: readonly Extension[]): number | undefined {
  const value = extensions.find(({ id }) => id === basicConstraints)?.value;
  if (value === undefined) return undefined;
  const length = membersOf(readElement(value, derTags.sequence)).find(({ tag }) => tag === derTags.integer);
  return length === undefined ? undefined : Number(`0x${length.content.toString('hex') || '0'}`);
}
