import type { X509Certificate } from 'node:crypto';
import type { Authority } from './authorities.ts';
import { readCertificateFacts, type CertificateFacts } from './certificate-facts.ts';
import type { MachineTrust } from './machine-trust.ts';
import { satisfiesConstraints } from './name-constraints.ts';
import { readClientCertificate } from '../principal/client-certificate.ts';

/** Why a certificate does not count, as a word for the log. */
export type CertificateRefusal =
  | 'certificate-missing'
  | 'certificate-malformed'
  | 'certificate-unknown-authority'
  | 'certificate-wrong-purpose'
  | 'certificate-not-yet-valid'
  | 'certificate-expired'
  | 'certificate-revoked'
  | 'certificate-revocation-unknown';

/** One certificate of a path, and the authority that issued it. */
interface Link {
  readonly certificate: X509Certificate;
  readonly facts: CertificateFacts;
  readonly issuer: Authority;
  readonly validFrom: number;
  readonly expiresAt: number;
}

/** From the certificate of a machine up to a root: the last link is the root itself. */
export type CertificatePath = readonly Link[];

/** A path to a root that is trusted, or why there is none. */
export type PathOutcome =
  | { readonly kind: 'found'; readonly path: CertificatePath }
  | { readonly kind: 'refused'; readonly reason: CertificateRefusal };

const maxLinks = 8;
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** What is understood of extensions that say that they must be: basicConstraints, keyUsage, extKeyUsage, subjectAltName. */
const understood: ReadonlySet<string> = new Set(['2.5.29.19', '2.5.29.15', '2.5.29.37', '2.5.29.17']);

/** Every signature with SHA-2 that is usual; SHA-1 and MD5 can be forged. */
const signatureAlgorithms: ReadonlySet<string> = new Set([
  ...['11', '12', '13'].map((last) => `1.2.840.113549.1.1.${last}`),
  ...['1', '2', '3'].map((last) => `pss 2.16.840.1.101.3.4.2.${last}`),
  ...['2', '3', '4'].map((last) => `1.2.840.10045.4.3.${last}`),
  ...['112', '113'].map((last) => `1.3.101.${last}`),
]);

const shortestRsaBits = 2048;

/**
 * Finds the path from the certificate of a machine to a root that is trusted, and verifies every signature on it. What
 * stands between is trusted by name: what machines send along is not used.
 *
 * @param isNewToUs whether OpenSSL has not judged the path: then constraints that are not understood here refuse it.
 * @see {@link https://www.rfc-editor.org/rfc/rfc5280#section-6 RFC 5280, section 6}
 */
export function findPath(
  leaf: X509Certificate,
  { authorities }: Pick<MachineTrust, 'authorities'>,
  isNewToUs: boolean,
): PathOutcome {
  let facts: CertificateFacts;
  try {
    facts = readCertificateFacts(leaf);
  } catch {
    return refused('certificate-malformed');
  }
  // A certificate that issues others would let its holder call as every service of which it makes a name up.
  if (leaf.ca || !facts.mayAuthenticate) return refused('certificate-wrong-purpose');
  // Without its names it would be known by its subject, and no constraint would be about it.
  if (facts.hasAlternativeNames && leaf.subjectAltName === undefined) return refused('certificate-malformed');
  const path: Link[] = [];
  let certificate = leaf;
  for (let authoritiesBelow = 0; path.length < maxLinks; authoritiesBelow++) {
    const issuer = findIssuer(certificate, authorities);
    if (issuer === undefined) return refused('certificate-unknown-authority');
    if (!isForClients(certificate)) return refused('certificate-wrong-purpose');
    if (isNewToUs && !isUnderstood(certificate, facts)) return refused('certificate-unknown-authority');
    path.push(toLink(certificate, facts, issuer));
    const { pathLength } = issuer.facts;
    if (pathLength !== undefined && authoritiesBelow > pathLength) return refused('certificate-unknown-authority');
    if (isNewToUs && !mayIssue(issuer, path)) return refused('certificate-unknown-authority');
    if (issuer.isRoot) {
      if (isNewToUs && !isUnderstood(issuer.certificate, issuer.facts)) return refused('certificate-unknown-authority');
      return { kind: 'found', path: [...path, toLink(issuer.certificate, issuer.facts, issuer)] };
    }
    certificate = issuer.certificate;
    facts = issuer.facts;
  }
  return refused('certificate-unknown-authority');
}

/** Says why a path does not count at a time, by its dates and by the lists of revoked certificates; `undefined` when it does. */
export function judgePath(
  path: CertificatePath,
  { lists }: Pick<MachineTrust, 'lists'>,
  at: number,
): CertificateRefusal | undefined {
  for (const { validFrom, expiresAt, issuer, facts } of path) {
    // Written so that a date which cannot be read refuses.
    if (!(at >= validFrom)) return 'certificate-not-yet-valid';
    if (!(at < expiresAt)) return 'certificate-expired';
    if (lists === undefined) continue;
    const list = lists.get(issuer.id);
    if (list?.revoked.has(facts.serialNumber) === true) return 'certificate-revoked';
    // What it would say of this certificate is not known.
    if (list === undefined || at >= list.expiresAt.getTime()) return 'certificate-revocation-unknown';
  }
  return undefined;
}

/** Of an authority that was renewed with its key, the one that ends last: the one before ends while it is still in the file. */
function findIssuer(certificate: X509Certificate, authorities: readonly Authority[]): Authority | undefined {
  const issuers = authorities.filter(
    ({ certificate: issuer }) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey),
  );
  return issuers.toSorted((one, other) => endOf(other) - endOf(one))[0];
}

function endOf({ certificate: { validTo } }: Authority): number {
  return Date.parse(validTo);
}

/** Where a certificate says what it is for, machines that call must be among it. A root may say nothing or anything. */
function isForClients({ keyUsage }: X509Certificate): boolean {
  // Node gives the extended key usage under this name.
  return (keyUsage as readonly string[] | undefined)?.includes(clientAuthentication) ?? true;
}

function isUnderstood(certificate: X509Certificate, facts: CertificateFacts): boolean {
  const { modulusLength = Infinity } = certificate.publicKey.asymmetricKeyDetails ?? {};
  return (
    facts.criticalExtensions.every((id) => understood.has(id)) &&
    signatureAlgorithms.has(facts.signatureAlgorithm) &&
    modulusLength >= shortestRsaBits
  );
}

/** Whether an authority may give the names of every certificate below it. */
function mayIssue({ facts: { nameConstraints } }: Authority, below: readonly Link[]): boolean {
  if (nameConstraints === undefined) return true;
  try {
    return below.every(({ certificate }) => satisfiesConstraints(readClientCertificate(certificate), nameConstraints));
  } catch {
    // Names that can be read in two ways are below nothing.
    return false;
  }
}

function toLink(certificate: X509Certificate, facts: CertificateFacts, issuer: Authority): Link {
  const { validFrom, validTo } = certificate;
  return { certificate, facts, issuer, validFrom: Date.parse(validFrom), expiresAt: Date.parse(validTo) };
}

function refused(reason: CertificateRefusal): PathOutcome {
  return { kind: 'refused', reason };
}
