import type { KeyObject, X509Certificate } from 'node:crypto';
import { elementsOf, implicitConstructed, readTime, sequence, time, unsignedInteger } from './der.ts';
import { listExtensions, reasonExtension } from './extensions.ts';
import { ecdsaWithSha256, signed, subjectOf } from './make-certificate.ts';

/** Reasons that operators give, with their codes (RFC 5280, section 5.3.1). */
export const revocationReasons = {
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

export type RevocationReason = keyof typeof revocationReasons;

/** A certificate that is not to be trusted any more. */
export interface RevokedCertificate {
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  readonly reason?: RevocationReason | undefined;
}

/** Between when a list is to be believed. */
export interface ListValidity {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

const version2 = unsignedInteger(Buffer.from([1]));
// OpenSSL, and so Node, reads no other label: "BEGIN CRL" is refused as unreadable.
const [begin, end] = ['-----BEGIN X509 CRL-----', '-----END X509 CRL-----'];

/** Makes a list of revoked certificates (RFC 5280, section 5.1) as PEM. Its number is the time in milliseconds. */
export function makeRevocationList(
  authority: { readonly certificate: X509Certificate; readonly privateKey: KeyObject },
  revoked: readonly RevokedCertificate[],
  { thisUpdate, nextUpdate }: ListValidity,
): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(thisUpdate.getTime()));
  const toBeSigned = sequence(
    version2,
    ecdsaWithSha256,
    subjectOf(authority.certificate),
    time(thisUpdate),
    time(nextUpdate),
    // An empty list of entries is left out, as the RFC demands.
    ...(revoked.length === 0 ? [] : [sequence(...revoked.map(toEntry))]),
    implicitConstructed(0, sequence(...listExtensions(authority.certificate.publicKey, number))),
  );
  const lines =
    signed(toBeSigned, authority.privateKey)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `${[begin, ...lines, end].join('\n')}\n`;
}

/** Reads between when a list of {@link makeRevocationList} is to be believed. Throws for what is none. */
export function readListValidity(pem: string): ListValidity {
  const body = pem.split(begin)[1]?.split(end)[0] ?? '';
  const [toBeSigned = Buffer.alloc(0)] = elementsOf(Buffer.from(body, 'base64'));
  const [, , , thisUpdate = Buffer.alloc(0), nextUpdate = Buffer.alloc(0)] = elementsOf(toBeSigned);
  return { thisUpdate: readTime(thisUpdate), nextUpdate: readTime(nextUpdate) };
}

function toEntry({ serialNumber, revokedAt, reason }: RevokedCertificate): Buffer {
  const extensions = reason === undefined ? [] : [sequence(reasonExtension(revocationReasons[reason]))];
  return sequence(unsignedInteger(Buffer.from(serialNumber, 'hex')), time(revokedAt), ...extensions);
}
