import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMilliseconds = 86_400_000;

/** A certificate with its key, both as PEM. */
export interface TestLeaf {
  readonly cert: string;
  readonly key: string;
  readonly serialNumber: string;
}

export interface TestLeafOptions {
  readonly uri?: string;
  readonly dns?: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
  readonly purpose?: 'client' | 'server' | 'none';
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  readonly extensions?: readonly x509.Extension[];
}

export interface TestListOptions {
  readonly from?: Date;
  /** `null` for a list that does not say when the next one comes. */
  readonly until?: Date | null;
  readonly extensions?: readonly x509.Extension[];
}

/** An authority for tests: a root, or one below another. */
export interface TestAuthority {
  readonly cert: string;
  readonly serialNumber: string;
  issue(subject: string, options?: TestLeafOptions): Promise<TestLeaf>;
  /** An authority below this one. */
  below(subject: string, options?: TestLeafOptions): Promise<TestAuthority>;
  /** The same root with other dates: its name and its key stay. */
  renewed(options: TestLeafOptions): Promise<TestAuthority>;
  /** A list of revoked serial numbers. */
  list(revoked: readonly string[], options?: TestListOptions): Promise<string>;
}

/** Makes a root that signs itself. */
export async function createTestAuthority(
  subject = 'CN=Test Root',
  options: TestLeafOptions = {},
): Promise<TestAuthority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(subject, { ...options, isAuthority: true }),
    name: subject,
    keys,
  });
  return toAuthority(certificate, keys.privateKey);
}

function toAuthority(certificate: x509.X509Certificate, signingKey: webcrypto.CryptoKey): TestAuthority {
  const create = async (subject: string, options: TestLeafOptions) => {
    const keys = await generateKeys();
    const made = await x509.X509CertificateGenerator.create({
      ...common(subject, options),
      subject,
      issuer: certificate.subject,
      publicKey: keys.publicKey,
      signingKey,
    });
    return { made, keys };
  };
  return {
    cert: certificate.toString('pem'),
    serialNumber: certificate.serialNumber,
    async issue(subject, options = {}) {
      const { made, keys } = await create(subject, options);
      const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
      return {
        cert: made.toString('pem'),
        key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
        serialNumber: made.serialNumber,
      };
    },
    async below(subject, options = {}) {
      const { made, keys } = await create(subject, { ...options, isAuthority: true });
      return toAuthority(made, keys.privateKey);
    },
    async renewed(options) {
      const { subject, publicKey } = certificate;
      const made = await x509.X509CertificateGenerator.create({
        ...common(subject, { ...options, isAuthority: true }),
        subject,
        issuer: subject,
        publicKey,
        signingKey,
      });
      return toAuthority(made, signingKey);
    },
    async list(revoked, { from = daysFromNow(-1), until = daysFromNow(7), extensions = [] } = {}) {
      const list = await x509.X509CrlGenerator.create({
        issuer: certificate.subject,
        thisUpdate: from,
        ...(until === null ? {} : { nextUpdate: until }),
        entries: revoked.map((serialNumber) => ({ serialNumber, revocationDate: from })),
        extensions: [...extensions],
        signingAlgorithm: algorithm,
        signingKey,
      });
      // Node knows the other name alone.
      return list.toString('pem').replaceAll(/(BEGIN|END) CRL/g, '$1 X509 CRL');
    },
  };
}

/** A time so many days from now. */
export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * dayMilliseconds);
}

function common(subject: string, options: TestLeafOptions) {
  const { uri, dns = [], from = daysFromNow(-1), until = daysFromNow(30), purpose = 'client' } = options;
  const { isAuthority = false, pathLength, extensions = [] } = options;
  const names: x509.JsonGeneralName[] = [
    ...(uri === undefined ? [] : [{ type: 'url', value: uri } as const]),
    ...dns.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value }) as const),
  ];
  return {
    serialNumber: `00${randomBytes(8).toString('hex')}`,
    notBefore: from,
    notAfter: until,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, pathLength, true),
      ...(isAuthority
        ? [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)]
        : []),
      ...(isAuthority || purpose === 'none'
        ? []
        : [
            new x509.ExtendedKeyUsageExtension([
              purpose === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
            ]),
          ]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ...extensions,
    ],
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
