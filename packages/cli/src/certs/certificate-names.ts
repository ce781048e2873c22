import { isIPv4, isIPv6 } from 'node:net';
import { exitCodes, isSpiffeId, UsageError } from '@sallyport/core';
import { contentOf, implicit, type Der } from './der.ts';

/** What a certificate says of who holds it, beside its subject. */
export interface CertificateNames {
  readonly spiffeId: string | undefined;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

/** Below what an authority may sign. An empty list limits nothing. */
export interface NameConstraints {
  readonly trustDomains: readonly string[];
  readonly domains: readonly string[];
}

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const dnsName = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?(?:${label}\\.)*${label}$`);
const certificateName = new RegExp(`^${label}$`);
const trustDomain = /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?$/;

/** The tags of GeneralName (RFC 5280, section 4.2.1.6). */
const generalName = { dns: 2, uri: 6, address: 7 } as const;

/** Names that were typed, or a refusal that says which of them cannot be used. */
export function requireNames(names: CertificateNames): CertificateNames {
  const { spiffeId, dnsNames, addresses } = names;
  if (spiffeId !== undefined) requireSpiffeId(spiffeId);
  for (const name of dnsNames) requireDnsName('--dns', name);
  if (!addresses.every((address) => isIPv4(address) || (isIPv6(address) && !address.includes('%'))))
    throw new UsageError('--ip must be an address such as 127.0.0.1 or ::1.', exitCodes.usage);
  return names;
}

/** Checks the name under which a certificate is kept: it becomes a folder, and the common name of the subject. */
export function requireCertificateName(name: string): string {
  if (certificateName.test(name)) return name;
  throw new UsageError(
    'The name of a certificate is lower-case letters, digits and hyphens, 63 at most, such as "billing".',
    exitCodes.usage,
  );
}

export function requireDnsName(option: string, name: string): void {
  if (dnsName.test(name)) return;
  throw new UsageError(`${option} must be a DNS name in lower case, such as billing.acme.internal.`, exitCodes.usage);
}

export function requireTrustDomain(domain: string): void {
  if (trustDomain.test(domain)) return;
  throw new UsageError(
    '--trust-domain must be a name such as acme or acme.internal, without spiffe://.',
    exitCodes.usage,
  );
}

/** The trust domain of a SPIFFE id: what stands between `spiffe://` and its path. */
function trustDomainOf(spiffeId: string): string {
  return spiffeId.slice('spiffe://'.length).split('/', 1)[0] ?? '';
}

/** GeneralNames for a subjectAltName. The SPIFFE id is the only URI, as X509-SVID, section 2 demands. */
export function toGeneralNames({ spiffeId, dnsNames, addresses }: CertificateNames): readonly Der[] {
  return [
    ...(spiffeId === undefined ? [] : [implicit(generalName.uri, Buffer.from(spiffeId, 'ascii'))]),
    ...dnsNames.map((name) => implicit(generalName.dns, Buffer.from(name, 'ascii'))),
    ...addresses.map((address) => implicit(generalName.address, addressBytes(address))),
  ];
}

/** GeneralNames below which an authority may sign (RFC 5280, section 4.2.1.10). */
export function toConstraints({ trustDomains, domains }: NameConstraints): readonly Der[] {
  return [
    ...trustDomains.map((domain) => implicit(generalName.uri, Buffer.from(domain, 'ascii'))),
    ...domains.map((domain) => implicit(generalName.dns, Buffer.from(domain, 'ascii'))),
  ];
}

/** Reads what {@link toConstraints} wrote. */
export function parseConstraints(names: readonly Buffer[]): NameConstraints {
  const valuesOf = (kind: number): readonly string[] =>
    names.filter(([tag]) => tag === (0x80 | kind)).map((name) => contentOf(name).toString('ascii'));
  return { trustDomains: valuesOf(generalName.uri), domains: valuesOf(generalName.dns) };
}

/** Refuses names for which no one would believe the authority. */
export function requirePermitted(
  { spiffeId, dnsNames }: CertificateNames,
  constraints: NameConstraints,
  shown: string,
): void {
  const { trustDomains, domains } = constraints;
  const isBelow = (name: string): boolean => domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  const isPermitted =
    (spiffeId === undefined || trustDomains.length === 0 || trustDomains.includes(trustDomainOf(spiffeId))) &&
    (domains.length === 0 || dnsNames.every(isBelow));
  if (isPermitted) return;
  const limits = [...trustDomains.map((domain) => `spiffe://${domain}/…`), ...domains].join(', ');
  throw new UsageError(
    `The authority in ${shown} signs for ${limits} alone. Choose names of these, or make another authority with "sallyport certs init --folder <other>".`,
    exitCodes.refused,
  );
}

/** With a path: an id without one names a trust domain, and no service in it. */
function requireSpiffeId(id: string): void {
  if (isSpiffeId(id) && /^spiffe:\/\/[^/]+\/./.test(id)) return;
  throw new UsageError('--spiffe must be a SPIFFE id such as spiffe://acme/billing.', exitCodes.usage);
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The parser of URLs writes every address in one form: hexadecimal groups, with at most one "::".
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
