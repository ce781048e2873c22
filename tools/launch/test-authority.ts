import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMilliseconds = 86_400_000;

/** Files of a certificate authority that lives as long as a test run, and of a server certificate that it signed. */
export interface TestAuthority {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Base64 SHA-256 of the server's public key, for Chromium's `--ignore-certificate-errors-spki-list`. */
  readonly spkiHash: string;
}

/** Makes an authority and a certificate for `localhost`, `app.test` and 127.0.0.1 in `folder`. */
export async function createTestAuthority(folder: string): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto as unknown as Crypto); // The same object under two declarations of its type.
  await mkdir(folder, { recursive: true });
  const validity = {
    notBefore: new Date(Date.now() - dayMilliseconds),
    notAfter: new Date(Date.now() + 7 * dayMilliseconds),
  };

  const authorityKeys = await generateKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: 'CN=Sallyport test authority',
    keys: authorityKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
    ...validity,
  });
  const serverKeys = await generateKeys();
  const server = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: 'CN=localhost',
    issuer: authority.subject,
    signingKey: authorityKeys.privateKey,
    publicKey: serverKeys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: 'app.test' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
    ...validity,
  });

  const files = {
    caFile: path.join(folder, 'ca.pem'),
    certFile: path.join(folder, 'server.pem'),
    keyFile: path.join(folder, 'server-key.pem'),
  };
  await writeFile(files.caFile, authority.toString('pem'));
  await writeFile(files.certFile, server.toString('pem'));
  await writeFile(files.keyFile, await privateKeyPem(serverKeys.privateKey), { mode: 0o600 });
  const spki = await webcrypto.subtle.exportKey('spki', serverKeys.publicKey);
  return { ...files, spkiHash: createHash('sha256').update(new Uint8Array(spki)).digest('base64') };
}

async function generateKeys(): Promise<CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return keys as CryptoKeyPair; // The same object under two declarations of its type.
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function randomSerial(): string {
  // A serial number is positive: its first bit stays clear.
  return `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;
}
