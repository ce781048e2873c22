import { isIPv6 } from 'node:net';
import { OptionsError, toDistinguishedName, type ClientCertificate } from '@sallyport/core';

/**
 * Which name of a certificate stands for a client: the distinguished name of its subject, or one of its subjectAltName
 * (RFC 8705, section 2.1.2).
 */
export const certificateNameKinds = ['dn', 'dns', 'uri', 'ip', 'email'] as const;
type CertificateNameKind = (typeof certificateNameKinds)[number];

interface CertificateName {
  readonly kind: CertificateNameKind;
  readonly name: string;
}

const form = /^(dn|dns|uri|ip|email):(.+)$/s;
const hostName = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const mailAddress = /^[^\s@]+@[^\s@]+$/;

/** The members of client metadata that stand for these kinds (RFC 8705, section 2.1.2). */
const metadataNames = {
  dn: 'tls_client_auth_subject_dn',
  dns: 'tls_client_auth_san_dns',
  uri: 'tls_client_auth_san_uri',
  ip: 'tls_client_auth_san_ip',
  email: 'tls_client_auth_san_email',
} as const satisfies Readonly<Record<CertificateNameKind, string>>;

/** Brings a name into the one form in which it is compared. Says in words what is wrong with it otherwise. */
export function toClientCertificateName(text: string): { readonly name: string } | { readonly problem: string } {
  const parsed = parse(text);
  if (parsed === undefined)
    return { problem: 'must be "dn:", "dns:", "uri:", "ip:" or "email:" and the name in the certificate' };
  const name = normalize(parsed);
  return name === undefined
    ? { problem: `is no name of the kind "${parsed.kind}"` }
    : { name: `${parsed.kind}:${name}` };
}

/**
 * Whether a certificate has the name of client metadata. One with several names of a kind has each of them.
 *
 * @param property such as `tls_client_auth_san_uri`.
 */
export function matchesCertificateMetadata(certificate: ClientCertificate, property: string, name: string): boolean {
  switch (certificateNameKinds.find((kind) => metadataNames[kind] === property)) {
    case 'dn':
      return certificate.subject === name;
    case 'dns':
      return certificate.dnsNames.some((one) => one === name);
    case 'uri':
      return certificate.uris.some((one) => one === name);
    case 'ip':
      return certificate.addresses.some((one) => one === name);
    case 'email':
      return certificate.emails.some((one) => one === name);
    case undefined:
      return false;
  }
}

/** The name as client metadata has it. */
export function toCertificateMetadata(registered: string): Readonly<Record<string, string>> {
  const parsed = parse(registered);
  return parsed === undefined ? {} : { [metadataNames[parsed.kind]]: parsed.name };
}

function parse(text: string): CertificateName | undefined {
  const [, kind, name] = form.exec(text) ?? [];
  const known = certificateNameKinds.find((one) => one === kind);
  return known === undefined || name === undefined ? undefined : { kind: known, name };
}

function normalize({ kind, name }: CertificateName): string | undefined {
  switch (kind) {
    case 'dn':
      return distinguishedName(name);
    case 'dns':
      return hostName.test(name.toLowerCase()) ? name.toLowerCase() : undefined;
    case 'uri':
      return URL.canParse(name) && !/\s/.test(name) ? name : undefined;
    case 'ip':
      return URL.canParse(`http://${bracketed(name)}`) && /^[\d.:a-f]+$/i.test(name) ? shortest(name) : undefined;
    case 'email':
      return mailAddress.test(name) ? name : undefined;
  }
}

function distinguishedName(text: string): string | undefined {
  try {
    return toDistinguishedName(text);
  } catch (error) {
    if (error instanceof OptionsError) return undefined;
    throw error;
  }
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/** As `ClientCertificate` writes addresses. */
function shortest(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
