import type { X509Certificate } from 'node:crypto';
import { exitCodes, readClientCertificate, UsageError } from '@sallyport/core';
import { backdateMilliseconds, makeKeys, type Authority } from './authority-folder.ts';
import { requirePermitted, type CertificateNames } from './certificate-names.ts';
import { constraintsOf, leafExtensions, usagesOf, type CertificateUsage } from './extensions.ts';
import { forgetExpired, putLeaf } from './leaf-folder.ts';
import { makeCertificate, subjectBelow, subjectOf } from './make-certificate.ts';

/** What a leaf is issued for. */
export interface LeafRequest {
  readonly names: CertificateNames;
  readonly usages: readonly CertificateUsage[];
  readonly lifetimeMilliseconds: number;
}

/**
 * Makes a key and a certificate for it, and puts both in the place of those before. The key is new each time, so that one which
 * was copied is of no use for longer than its certificate.
 *
 * @throws UsageError when the authority does not last that long, or may not sign for these names.
 */
export function issueLeaf(authority: Authority, name: string, request: LeafRequest, now: Date): X509Certificate {
  const { certificate: issuer, privateKey: signingKey, folder, shown } = authority;
  const notAfter = new Date(now.getTime() + request.lifetimeMilliseconds);
  if (notAfter > issuer.validToDate)
    throw new UsageError(
      `The authority in ${shown} ends on ${issuer.validToDate.toISOString()}, before this certificate would. Ask for fewer days, or make another authority: "sallyport certs init --folder <other>".`,
      exitCodes.refused,
    );
  requirePermitted(request.names, constraintsOf(issuer), shown);
  const { publicKey, privateKey } = makeKeys();
  const subject = subjectOf(issuer);
  const certificate = makeCertificate(
    {
      issuer: subject,
      subject: subjectBelow(subject, name),
      notBefore: new Date(now.getTime() - backdateMilliseconds),
      notAfter,
      publicKey,
      extensions: leafExtensions(publicKey, issuer.publicKey, request.names, request.usages),
    },
    signingKey,
  );
  putLeaf(folder, name, certificate, privateKey);
  forgetExpired(folder, name, now);
  return certificate;
}

/** What a certificate was issued for, so that the next one says the same. */
export function requestOf(certificate: X509Certificate): LeafRequest {
  const { spiffeId, dnsNames, addresses, validFrom, expiresAt } = readClientCertificate(certificate);
  return {
    names: { spiffeId, dnsNames, addresses },
    usages: usagesOf(certificate.keyUsage),
    lifetimeMilliseconds: expiresAt.getTime() - validFrom.getTime() - backdateMilliseconds,
  };
}
