import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAuthority, type CertificateRequest } from './certificate-authority.ts';

/** Files of a certificate authority that is kept for a test run, and of a server certificate that it signed. */
export interface TestAuthority {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Base64 SHA-256 of the server's public key, for Chromium's `--ignore-certificate-errors-spki-list`. */
  readonly spkiHash: string;
}

/** Makes an authority and a certificate for `localhost`, `app.test` and 127.0.0.1 in `folder`, unless it is to be another. */
export async function createTestAuthority(
  folder: string,
  change: Partial<CertificateRequest> = {},
): Promise<TestAuthority> {
  const authority = await createAuthority({ commonName: 'Sallyport test authority', days: 397 });
  const server = await authority.issue({
    names: { dns: ['localhost', 'app.test'], ip: ['127.0.0.1'] },
    days: 397,
    ...change,
  });
  const files = {
    caFile: path.join(folder, 'ca.pem'),
    certFile: path.join(folder, 'server.pem'),
    keyFile: path.join(folder, 'server-key.pem'),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(files.caFile, authority.certificate);
  await writeFile(files.certFile, server.certificate);
  await writeFile(files.keyFile, server.privateKey, { mode: 0o600 });
  return { ...files, spkiHash: createHash('sha256').update(server.publicKey).digest('base64') };
}
