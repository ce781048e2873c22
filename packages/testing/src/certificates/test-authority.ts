import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** What a certificate of a test says. What is left out is that of a program on this machine. */
export interface TestCertificateRequest {
  /** @default 'CN=test' */
  readonly subject?: string;
  /** The one URI of its subjectAltName. */
  readonly spiffeId?: string;
  /** More URIs: a certificate with two has no SPIFFE id. */
  readonly uris?: readonly string[];
  /** @default ['localhost'] */
  readonly dnsNames?: readonly string[];
  /** @default ['127.0.0.1'] */
  readonly addresses?: readonly string[];
  /** What it may be used for. @default both */
  readonly usages?: readonly ('client' | 'server')[];
  /** A certificate of 0 or less has expired. @default 3600 */
  readonly expiresInSeconds?: number;
}

/** A certificate and its key, as PEM: what `node:tls`, `node:https` and `fetch` of undici take. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority whose key lives in memory and nowhere else. */
export interface TestAuthority {
  /** Its own certificate as PEM: the `ca` of those that shall believe it. */
  readonly ca: string;
  issue(request?: TestCertificateRequest): Promise<TestCertificate>;
  /** Puts a certificate on the list of revoked ones. */
  revoke(certificate: TestCertificate): void;
  /** The list of revoked certificates, as OpenSSL and Node.js read it. It runs out after an hour. */
  crl(): Promise<string>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMilliseconds = 3_600_000;

/**
 * Makes an authority for tests of mutual TLS: certificates that hold, and such as do not.
 *
 * @example
 * const authority = await createTestAuthority();
 * const billing = await authority.issue({ spiffeId: 'spiffe://acme/billing' });
 * const answer = await fetch(url, { dispatcher: new Agent({ connect: { ...billing, ca: authority.ca } }) });
 */
export async function createTestAuthority({ name = 'Test Authority' } = {}): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await generateKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - hourMilliseconds),
    notAfter: new Date(Date.now() + 24 * hourMilliseconds),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const revoked: string[] = [];
  let listNumber = 0;

  const issue = async (request: TestCertificateRequest = {}): Promise<TestCertificate> => {
    const ownKeys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      subject: request.subject ?? 'CN=test',
      issuer: own.subject,
      signingKey: keys.privateKey,
      publicKey: ownKeys.publicKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - hourMilliseconds),
      notAfter: new Date(Date.now() + (request.expiresInSeconds ?? 3600) * 1000),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(
          (request.usages ?? ['client', 'server']).map((usage) => x509.ExtendedKeyUsage[`${usage}Auth`]),
        ),
        ...alternativeNamesOf(request),
        await x509.AuthorityKeyIdentifierExtension.create(own.publicKey),
      ],
    });
    return { cert: toLines(certificate), key: await toPem(ownKeys.privateKey) };
  };

  return {
    ca: toLines(own),
    issue,
    revoke: ({ cert }) => void revoked.push(new x509.X509Certificate(cert).serialNumber),
    crl: async () => {
      listNumber += 1;
      const list = await x509.X509CrlGenerator.create({
        issuer: own.subject,
        // Of two lists the later one counts, also of two that were made within a second.
        thisUpdate: new Date(Date.now() - hourMilliseconds + listNumber * 1000),
        nextUpdate: new Date(Date.now() + hourMilliseconds),
        entries: revoked.map((serialNumber) => ({ serialNumber, revocationDate: new Date(Date.now() - 1000) })),
        signingAlgorithm: algorithm,
        signingKey: keys.privateKey,
      });
      // The library writes another label than OpenSSL reads.
      return toLines(list).replaceAll(/(BEGIN|END) CRL/g, '$1 X509 CRL');
    },
  };
}

function alternativeNamesOf(request: TestCertificateRequest): readonly x509.Extension[] {
  const { spiffeId, uris = [], dnsNames = ['localhost'], addresses = ['127.0.0.1'] } = request;
  const names = [
    ...[...(spiffeId === undefined ? [] : [spiffeId]), ...uris].map((value) => ({ type: 'url', value }) as const),
    ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...addresses.map((value) => ({ type: 'ip', value }) as const),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** With a line break at its end, so that texts can be put behind each other. */
function toLines(made: x509.X509Certificate | x509.X509Crl): string {
  return `${made.toString('pem')}\n`;
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/** Positive, and never with a leading zero, which is not written. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) % 0x40) | 0x40;
  return bytes.toString('hex');
}
