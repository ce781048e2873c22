import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsaAlgorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 3072,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const dayMilliseconds = 86_400_000;

/** What certificates are made for: this machine, and further names in tests. */
export interface CertificateNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** A certificate authority that can sign. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  readonly expiresAt: Date;
  /** Makes a key, and signs a certificate for it. */
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}

export interface CertificateRequest {
  readonly names: CertificateNames;
  readonly days: number;
  readonly keyType?: 'ecdsa' | 'rsa';
  /** Days after which it becomes valid; negative ones lie in the past. */
  readonly startsInDays?: number;
}

/** A server certificate with its key, both as PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  /** The public key as SPKI. */
  readonly publicKey: Uint8Array;
}

export interface AuthorityOptions {
  readonly commonName: string;
  readonly days: number;
  /** Whether it can sign for this machine only (RFC 5280, section 4.2.1.10): its stolen key is of no use elsewhere. */
  readonly isForThisMachineOnly?: boolean;
}

/** Makes a certificate authority. */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  useNodeCrypto();
  const keys = await generateKeys(algorithm);
  const notAfter = new Date(Date.now() + options.days * dayMilliseconds);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `CN=${options.commonName}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(options.isForThisMachineOnly === true ? [thisMachineOnly()] : []),
    ],
    notBefore: new Date(Date.now() - dayMilliseconds),
    notAfter,
  });
  return toAuthority(certificate, keys.privateKey);
}

/** Reads an authority that was made earlier. Rejects when either text is not what it should be. */
export async function readAuthority(certificatePem: string, privateKeyPem: string): Promise<Authority> {
  useNodeCrypto();
  const [key = new ArrayBuffer(0)] = x509.PemConverter.decode(privateKeyPem);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', key, algorithm, true, ['sign']);
  return toAuthority(new x509.X509Certificate(certificatePem), privateKey as CryptoKey); // One object, two declarations.
}

async function toAuthority(certificate: x509.X509Certificate, privateKey: CryptoKey): Promise<Authority> {
  return {
    certificate: certificate.toString('pem'),
    privateKey: await privateKeyPem(privateKey),
    expiresAt: certificate.notAfter,
    async issue({ names, days, keyType = 'ecdsa', startsInDays = -1 / 24 }) {
      const keys = await generateKeys(keyType === 'rsa' ? rsaAlgorithm : algorithm);
      const notBefore = new Date(Date.now() + startsInDays * dayMilliseconds);
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: randomSerial(),
        subject: `CN=${names.dns[0] ?? names.ip[0] ?? 'server'}`,
        issuer: certificate.subject,
        signingKey: privateKey,
        publicKey: keys.publicKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension([
            ...names.dns.map((value) => ({ type: 'dns', value }) as const),
            ...names.ip.map((value) => ({ type: 'ip', value }) as const),
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
        notBefore,
        notAfter: new Date(notBefore.getTime() + days * dayMilliseconds),
      });
      const publicKey = new Uint8Array(await webcrypto.subtle.exportKey('spki', keys.publicKey));
      return {
        certificate: issued.toString('pem'),
        privateKey: await privateKeyPem(keys.privateKey),
        publicKey,
      };
    },
  };
}

/**
 * Name constraints, by hand, because the library has no class for them: permitted are `localhost` and what is below it,
 * 127.0.0.0/8 and ::1.
 */
function thisMachineOnly(): x509.Extension {
  const dnsName = 0x82;
  const ipAddress = 0x87;
  const permitted = [
    der(dnsName, Buffer.from('localhost', 'ascii')),
    der(ipAddress, Buffer.from([127, 0, 0, 0, 255, 0, 0, 0])),
    der(ipAddress, Buffer.concat([Buffer.alloc(15), Buffer.from([1]), Buffer.alloc(16, 0xff)])),
  ].map((name) => der(0x30, name));
  const value = der(0x30, der(0xa0, Buffer.concat(permitted)));
  return new x509.Extension('2.5.29.30', true, value);
}

/** One value in DER, shorter than 128 bytes. */
function der(tag: number, content: Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function useNodeCrypto(): void {
  x509.cryptoProvider.set(webcrypto as unknown as Crypto); // The same object under two declarations of its type.
}

async function generateKeys(kind: typeof algorithm | typeof rsaAlgorithm): Promise<CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(kind, true, ['sign', 'verify']);
  return keys as CryptoKeyPair; // The same object under two declarations of its type.
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function randomSerial(): string {
  // A serial number is positive: its first bit stays clear.
  return `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;
}
