import { isIP } from 'node:net';
import { toCertificateName, type ClientCertificate } from '@sallyport/core';

/** Who calls with a certificate. */
export interface CertificateCaller {
  /** Of the principal: `principal.id`. */
  readonly id: string;
  /** @default [] */
  readonly permissions?: readonly string[];
  /** @default [] */
  readonly roles?: readonly string[];
}

/** Client certificates that this service looks at itself. */
export interface CertificatesOptions {
  /** PEM file of the authorities that sign the certificates of callers: roots, and what stands below them. Read again when it changes. */
  readonly caFile: string;
  /**
   * PEM file with the list of revoked certificates of each of these authorities. Read again when it changes, and asked with
   * every request, also on connections that are open. @default none is ever revoked
   */
  readonly crlFile?: string;
  /**
   * Who calls where a handler goes by the certificate alone: by SPIFFE id, or by the subject where the certificate has
   * none (`CN=reports,O=Acme`). A function is asked with every request; what it does not know is refused.
   */
  readonly callers?:
    Readonly<Record<string, CertificateCaller>> | ((certificate: ClientCertificate) => CertificateCaller | undefined);
  /**
   * The names of those over whose connections tokens count: the gateway, `['spiffe://acme/gateway']`. A token over any other
   * connection is refused, at every handler, whatever it is worth. @default tokens count over every connection, unless
   * they are bound to a certificate
   */
  readonly tokensFrom?: readonly string[];
  /**
   * Addresses or networks (`10.0.0.0/8`) of proxies that take the certificate of the caller themselves, and pass it on in
   * `Client-Cert` (RFC 9440). It is verified here once more. From any other address the header is not read.
   * @default callers connect to this service
   */
  readonly behindProxy?: readonly string[];
}

const members: ReadonlySet<string> = new Set(['caFile', 'crlFile', 'callers', 'tokensFrom', 'behindProxy']);

/** Says what is wrong with the option `certificates`; `undefined` when nothing is. What its files hold is read later. */
export function problemOfCertificates(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return 'must be an object';
  const { caFile, crlFile, callers, tokensFrom, behindProxy, ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
  if (Object.keys(others).length > 0) return `has members that are not options: ${[...members].join(', ')} are`;
  if (!isText(caFile)) return 'caFile must be the path of the authorities of callers';
  if (crlFile !== undefined && !isText(crlFile)) return 'crlFile must be the path of a list of revoked certificates';
  return (
    problemOfCallers(callers) ??
    problemOfNames(tokensFrom) ??
    (behindProxy === undefined || (isList(behindProxy) && behindProxy.every(isNetwork))
      ? undefined
      : 'behindProxy must be a list of addresses and networks such as 10.0.0.0/8, and never everyone')
  );
}

function problemOfCallers(callers: unknown): string | undefined {
  if (callers === undefined || typeof callers === 'function') return undefined;
  if (typeof callers !== 'object' || callers === null) return 'callers must be an object or a function';
  const names = Object.keys(callers);
  if (names.length === 0) return 'callers names none: leave it out';
  if (new Set(names.map(normalized)).size < names.length) return 'callers names one certificate twice';
  return (
    problemOfNames(names, 'callers') ??
    (Object.values(callers).every(isCaller)
      ? undefined
      : "callers must be such as { 'spiffe://acme/billing': { id: 'billing', permissions: ['order:read'] } }")
  );
}

function problemOfNames(names: unknown, option = 'tokensFrom'): string | undefined {
  if (names === undefined) return undefined;
  if (!isList(names)) return `${option} must be a list of SPIFFE ids and subjects`;
  return names.every((name) => normalized(name) !== undefined)
    ? undefined
    : `${option} holds what is neither a SPIFFE id (spiffe://acme/billing) nor a subject (CN=billing,O=Acme)`;
}

/** Whether this is what `callers` say of a certificate. Asked of what a function answers as well. */
export function isCaller(value: unknown): value is CertificateCaller {
  if (typeof value !== 'object' || value === null) return false;
  const { id, permissions = [], roles = [], ...others } = value as Readonly<Record<string, unknown>>; // Each member is checked here.
  return isText(id) && isTexts(permissions) && isTexts(roles) && Object.keys(others).length === 0;
}

function normalized(name: unknown): string | undefined {
  try {
    return typeof name === 'string' ? toCertificateName(name) : undefined;
  } catch {
    return undefined;
  }
}

function isNetwork(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [address = '', length, ...more] = value.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (length === undefined) return true;
  // Of no bits at all is everyone.
  return /^\d{1,3}$/.test(length) && Number(length) > 0 && Number(length) <= (family === 4 ? 32 : 128);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
