import type { X509Certificate } from 'node:crypto';
import { readClientCertificate } from '@sallyport/core';
import { dayMilliseconds } from './authority-folder.ts';
import { usagesOf, type CertificateUsage } from './extensions.ts';
import { serialOf, type Leaf } from './leaf-folder.ts';
import type { Revocation } from './revocations.ts';

/** How a certificate stands: `due` has less than a third of its time left, `replaced` has a newer one of the same name. */
export type LeafState = 'valid' | 'due' | 'expired' | 'revoked' | 'replaced';

/** What operators see of a certificate, never its key. */
export interface LeafDescription {
  readonly name: string;
  /** The SPIFFE id; without one the names and addresses; without those the subject. */
  readonly id: string;
  /** As RFC 4514 writes it. */
  readonly subject: string;
  readonly usage: readonly CertificateUsage[];
  readonly serialNumber: string;
  readonly notAfter: Date;
  /** Days that are left, the last one counted whole; 0 or below when it is over. */
  readonly daysLeft: number;
  readonly state: LeafState;
}

const shareLeftWhenDue = 1 / 3;

/** Describes a certificate as it stands now. */
export function describeLeaf(leaf: Leaf, revocations: readonly Revocation[], now: Date): LeafDescription {
  const { name, certificate } = leaf;
  return {
    name,
    id: idOf(certificate),
    subject: readClientCertificate(certificate).subject,
    usage: usagesOf(certificate.keyUsage),
    serialNumber: serialOf(certificate),
    notAfter: certificate.validToDate,
    daysLeft: daysUntil(certificate.validToDate, now),
    state: stateOf(leaf, revocations, now),
  };
}

/** Whether less than a third of a time is left. */
export function isDue(from: Date, until: Date, now: Date): boolean {
  return until.getTime() - now.getTime() < (until.getTime() - from.getTime()) * shareLeftWhenDue;
}

/** Whether an authority is to be followed by another: a year before its end, or with a third of its time left. */
export function isAuthorityDue({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return isDue(validFromDate, validToDate, now) && daysUntil(validToDate, now) <= 365;
}

/** Days from now, the last one counted whole; 0 or below when it is over. */
export function daysUntil(date: Date, now: Date): number {
  return Math.ceil((date.getTime() - now.getTime()) / dayMilliseconds);
}

function stateOf({ certificate, isCurrent }: Leaf, revocations: readonly Revocation[], now: Date): LeafState {
  if (revocations.some(({ serialNumber }) => serialNumber === serialOf(certificate))) return 'revoked';
  if (certificate.validToDate <= now) return 'expired';
  if (!isCurrent) return 'replaced';
  return isDue(certificate.validFromDate, certificate.validToDate, now) ? 'due' : 'valid';
}

function idOf(certificate: X509Certificate): string {
  const { spiffeId, dnsNames, addresses, subject } = readClientCertificate(certificate);
  if (spiffeId !== undefined) return spiffeId;
  const names = [...dnsNames, ...addresses];
  return names.length === 0 ? subject : names.join(' ');
}
