import type { CertificateNames } from '../certs/certificate-names.ts';
import type { CertificateUsage } from '../certs/extensions.ts';

/** What a certificate is for: what was asked, and otherwise what its names are good for. */
export function toIssueUsages(
  { spiffeId, dnsNames, addresses }: CertificateNames,
  { isClient, isServer }: { readonly isClient: boolean; readonly isServer: boolean },
): readonly CertificateUsage[] {
  if (isClient || isServer)
    return [...(isClient ? (['client'] as const) : []), ...(isServer ? (['server'] as const) : [])];
  if (spiffeId !== undefined) return ['client', 'server'];
  return dnsNames.length + addresses.length > 0 ? ['server'] : ['client'];
}
