import { verify, type KeyObject } from 'node:crypto';
import { readExtensions } from './certificate-facts.ts';
import {
  derTags,
  explicitTag,
  membersOf,
  readElement,
  readElements,
  readObjectIdentifier,
  readSerialNumber,
  readTime,
  type DerElement,
} from './der.ts';
import type { Authority } from './authorities.ts';
import { isCutOff } from './pem-blocks.ts';

/** The certificates that one authority has revoked. */
export interface RevocationList {
  /** The authority that signed it. */
  readonly authorityId: string;
  readonly issuedAt: Date;
  /** When the next list is due at the latest: from then on this one says nothing any more. */
  readonly expiresAt: Date;
  readonly revoked: ReadonlySet<string>;
}

/** What is wrong with a file of lists, in words for its operator. */
export class RevocationListError extends Error {
  override readonly name: string = 'RevocationListError';
}

// Whatever stands between: a list that is skipped for a character that does not belong there would revoke nothing.
const pemBlock = /-----BEGIN (X509 CRL|CRL)-----([^-]*)-----END \1-----/g;

/** Extensions that must be understood and are: the number of the list, and the key of its authority. */
const understood: ReadonlySet<string> = new Set(['2.5.29.20', '2.5.29.35']);

/** Those of a list of some certificates alone, and of changes to another list; also where they do not say that they must be. */
const partial: ReadonlySet<string> = new Set(['2.5.29.27', '2.5.29.28']);

/** How a list may be signed, by the identifier of the algorithm. */
const digests: Readonly<Record<string, 'sha256' | 'sha384' | 'sha512' | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
};

/**
 * Reads lists of revoked certificates (CRL) from PEM, and verifies each with its authority. Several lists of one authority
 * are one: the newest. Those of authorities with other names say nothing here: one that was taken out after a theft would
 * otherwise stay trusted until its list is taken out as well.
 *
 * @throws RevocationListError for a list of another authority of that name, an unsigned or partial one, and for one without an end.
 * @see {@link https://www.rfc-editor.org/rfc/rfc5280#section-5 RFC 5280, section 5}
 */
export function readRevocationLists(pem: string, authorities: readonly Authority[]): readonly RevocationList[] {
  const blocks = [...pem.matchAll(pemBlock)];
  if (blocks.length === 0) throw new RevocationListError('holds no list; it must be PEM: -----BEGIN X509 CRL-----');
  if (isCutOff(pem)) throw new RevocationListError('ends in the middle of a list: it is not written yet');
  const newest = new Map<string, RevocationList>();
  for (const [, , base64 = ''] of blocks) {
    const list = read(Buffer.from(base64, 'base64'), authorities);
    if (list === undefined) continue;
    const other = newest.get(list.authorityId);
    if (other === undefined || other.issuedAt < list.issuedAt) newest.set(list.authorityId, list);
  }
  return [...newest.values()];
}

/** The same lists in the form that OpenSSL reads: under the name that it knows, and in short lines. */
export function toOpenSslLists(pem: string): readonly string[] {
  return [...pem.matchAll(pemBlock)].map(([, , base64 = '']) => {
    const lines = Buffer.from(base64, 'base64')
      .toString('base64')
      .match(/.{1,64}/g);
    return ['-----BEGIN X509 CRL-----', ...(lines ?? []), '-----END X509 CRL-----', ''].join('\n');
  });
}

function read(bytes: Buffer, authorities: readonly Authority[]): RevocationList | undefined {
  try {
    return readList(bytes, authorities);
  } catch (error) {
    if (error instanceof RevocationListError) throw error;
    throw new RevocationListError('holds a list that is damaged', { cause: error });
  }
}

function readList(bytes: Buffer, authorities: readonly Authority[]): RevocationList | undefined {
  const [body, algorithm, signature] = membersOf(readElement(bytes, derTags.sequence));
  const fields = membersOf(body);
  const [signedAlgorithm, issuer, thisUpdate, ...rest] = fields[0]?.tag === derTags.integer ? fields.slice(1) : fields;
  if (
    body === undefined ||
    issuer === undefined ||
    algorithm?.bytes.equals(signedAlgorithm?.bytes ?? body.bytes) !== true
  )
    throw new RevocationListError('holds a list that is damaged');
  const issuerName = issuer.bytes.toString('base64');
  const namesakes = authorities.filter(({ facts }) => facts.subjectName === issuerName);
  if (namesakes.length === 0) return undefined;
  const nextUpdate = rest.find(({ tag }) => tag === derTags.utcTime || tag === derTags.generalizedTime);
  if (nextUpdate === undefined)
    throw new RevocationListError('holds a list that does not say when the next one comes (nextUpdate)');
  const signedWith = readObjectIdentifier(membersOf(algorithm)[0]);
  const { id: authorityId } = requireSigner(body.bytes, signedWith, signature, namesakes);
  requireWhole(rest.find(({ tag }) => tag === explicitTag(0)));
  return {
    authorityId,
    issuedAt: readTime(thisUpdate),
    expiresAt: readTime(nextUpdate),
    revoked: new Set(readEntries(rest.find(({ tag }) => tag === derTags.sequence))),
  };
}

function requireSigner(
  signed: Buffer,
  algorithm: string,
  signature: DerElement | undefined,
  namesakes: readonly Authority[],
): Authority {
  const digest = digests[algorithm];
  if (digest === undefined)
    throw new RevocationListError(
      'holds a list that is signed in a way that is not verified here: use ECDSA, Ed25519 or RSA with SHA-256',
    );
  // The first byte says how many bits are left over: none.
  if (signature?.tag !== derTags.bitString || signature.content[0] !== 0)
    throw new RevocationListError('holds a list that is damaged');
  const isBy = (key: KeyObject): boolean => verify(digest, signed, key, signature.content.subarray(1));
  const signer = namesakes.find(({ certificate }) => isBy(certificate.publicKey));
  if (signer === undefined)
    throw new RevocationListError(
      'holds a list that its authority did not sign; where that was replaced by one of the same name, take its list out as well',
    );
  return signer;
}

/** A list of some certificates alone, or of changes to another list, would be taken for the whole. */
function requireWhole(wrapped: DerElement | undefined): void {
  const unknown = readExtensions(wrapped).filter(
    ({ id, isCritical }) => partial.has(id) || (isCritical && !understood.has(id)),
  );
  if (unknown.length > 0)
    throw new RevocationListError(
      'holds a list that covers a part of the certificates alone, or changes of another list',
    );
}

function* readEntries(entries: DerElement | undefined): Generator<string> {
  if (entries === undefined) return;
  for (const entry of readElements(entries.content)) {
    const [serialNumber, , extensions] = membersOf(entry);
    if (extensions?.tag === derTags.sequence) {
      // Of another issuer than the list: such a list is refused above, by its own extension.
      const members = membersOf(extensions).map((one) => membersOf(one));
      if (members.some((one) => one[1]?.tag === derTags.boolean && one[1].content[0] !== 0))
        throw new RevocationListError('holds an entry that is not understood');
    }
    yield readSerialNumber(serialNumber);
  }
}
