import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { OptionsError } from '../options/options-error.ts';
import { distinguishedNameOfLines, toDistinguishedName } from './distinguished-name.ts';
import { isSpiffeId } from './spiffe-id.ts';

/** What a client certificate says of its holder. To read one proves nothing: see where it was verified. */
export interface ClientCertificate {
  /**
   * The distinguished name of the subject in the order and with the escapes of RFC 4514, as
   * `openssl x509 -noout -subject -nameopt RFC2253` writes it. Empty when there is none.
   */
  readonly subject: string;
  /** The SPIFFE id: present when the subjectAltName holds exactly one URI, and that is one. */
  readonly spiffeId?: string;
  /** Names of hosts in the subjectAltName, in lower case. */
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** Addresses of the subjectAltName, IPv6 in its shortest form. */
  readonly addresses: readonly string[];
  /** `x5t#S256`: the SHA-256 of the DER encoding, as base64url (RFC 8705, section 3.1). */
  readonly thumbprint: string;
  /** As hexadecimal digits in lower case, without leading zeros. */
  readonly serialNumber: string;
  /** The distinguished name of the issuer, in the form of `subject`. */
  readonly issuer: string;
  readonly validFrom: Date;
  readonly expiresAt: Date;
  readonly pem: string;
}

const pemBegin = '-----BEGIN ';

/**
 * Reads what a client certificate says of its holder. Verifies nothing: neither who issued it, nor whether it is in force.
 *
 * @param source one certificate as PEM or DER, or an `X509Certificate` of `node:crypto`.
 * @throws OptionsError for anything that is not exactly one certificate, or whose names can be read in two ways.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-3.1 RFC 8705, section 3.1}, the thumbprint
 * @example
 * const { spiffeId, thumbprint } = readClientCertificate(socket.getPeerX509Certificate());
 */
export function readClientCertificate(source: string | Uint8Array | { readonly raw: Uint8Array }): ClientCertificate {
  const certificate = parse(source);
  const names = alternativeNamesOf(certificate.subjectAltName ?? '');
  const [uri, ...moreUris] = names.uris;
  return Object.freeze({
    subject: distinguishedNameOfLines(certificate.subject ?? ''),
    ...(uri !== undefined && moreUris.length === 0 && isSpiffeId(uri) ? { spiffeId: uri } : {}),
    ...names,
    thumbprint: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    serialNumber: certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, ''),
    issuer: distinguishedNameOfLines(certificate.issuer ?? ''),
    validFrom: toDate(certificate.validFrom),
    expiresAt: toDate(certificate.validTo),
    pem: certificate.toString(),
  });
}

/** Why a certificate names no service. */
export type CertificateNameProblem = 'certificate-without-name' | 'certificate-name-ambiguous';

const spiffeScheme = /^spiffe:/i;

/**
 * The one name by which a certificate is mapped to a service: its SPIFFE id, or the distinguished name of its subject
 * where it has none. `undefined` when it has neither, and when it has several URIs or one that is malformed, and any of them
 * begins as a SPIFFE id: see `problemOfCertificateName`.
 */
export function certificateNameOf(certificate: ClientCertificate): string | undefined {
  const { spiffeId, subject } = certificate;
  return problemOfCertificateName(certificate) === undefined ? (spiffeId ?? subject) : undefined;
}

/**
 * Says why a certificate names no service; `undefined` when it names one. An X.509-SVID has exactly one URI: of two, one would
 * be chosen by chance, and the subject beside them is not what its authority vouches for.
 *
 * @see {@link https://spiffe.io/docs/latest/spiffe-specs/x509-svid/ X509-SVID}, section 2
 */
export function problemOfCertificateName({
  spiffeId,
  subject,
  uris,
}: Pick<ClientCertificate, 'spiffeId' | 'subject' | 'uris'>): CertificateNameProblem | undefined {
  if (spiffeId !== undefined) return undefined;
  if (uris.some((uri) => spiffeScheme.test(uri))) return 'certificate-name-ambiguous';
  return subject === '' ? 'certificate-without-name' : undefined;
}

/**
 * Brings the name of a certificate, as an operator writes it, into the form of `certificateNameOf`.
 *
 * @throws OptionsError for what is neither a SPIFFE id nor a distinguished name.
 */
export function toCertificateName(text: string): string {
  const name = text.trim();
  // The last character of a distinguished name may be a space that is escaped.
  if (!spiffeScheme.test(name)) return toDistinguishedName(text);
  if (!isSpiffeId(name))
    throw new OptionsError(
      'this is no SPIFFE id; write it as spiffe://trust-domain/path, in lower case and without ? or #',
    );
  return name;
}

function parse(source: string | Uint8Array | { readonly raw: Uint8Array }): X509Certificate {
  const input = typeof source === 'string' || source instanceof Uint8Array ? source : source.raw;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(input);
  } catch (cause) {
    throw new OptionsError('this is no certificate in PEM or DER', 'SP_OPTIONS_INVALID', { cause });
  }
  // OpenSSL reads the first of several, and ignores what follows it.
  const isOne =
    typeof input === 'string'
      ? input.split(pemBegin).length === 2
      : Buffer.from(input).includes(pemBegin)
        ? Buffer.from(input).toString('latin1').split(pemBegin).length === 2
        : input.length === certificate.raw.length;
  if (!isOne) throw new OptionsError('this is more than one certificate');
  return certificate;
}

type AlternativeNames = Pick<ClientCertificate, 'dnsNames' | 'uris' | 'emails' | 'addresses'>;

/** One name as Node writes it: plain, or a JSON string where it holds anything that could end it. */
const alternativeName = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",\\]*)(?:, (?=.)|$)/y;

/**
 * Reads the text that Node makes of a subjectAltName. A name that holds a comma or a quote stands in quotes there: to split
 * at commas would let one name pose as several (CVE-2021-44532).
 */
function alternativeNamesOf(text: string): AlternativeNames {
  const found: Record<keyof AlternativeNames, string[]> = { dnsNames: [], uris: [], emails: [], addresses: [] };
  const lists: Readonly<Record<string, string[]>> = {
    DNS: found.dnsNames,
    URI: found.uris,
    email: found.emails,
    'IP Address': found.addresses,
  };
  alternativeName.lastIndex = 0;
  while (alternativeName.lastIndex < text.length) {
    const [, kind = '', written = ''] = alternativeName.exec(text) ?? [];
    if (kind === '') throw new OptionsError('the subjectAltName of this certificate cannot be read');
    if (Object.hasOwn(lists, kind)) lists[kind]?.push(toName(kind, written));
  }
  for (const list of Object.values(found)) Object.freeze(list);
  return found;
}

function toName(kind: string, written: string): string {
  const name = written.startsWith('"') ? String(JSON.parse(written)) : written;
  if (kind === 'DNS') return name.toLowerCase();
  return kind === 'IP Address' && isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

function toDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new OptionsError('the dates of this certificate cannot be read');
  return date;
}
