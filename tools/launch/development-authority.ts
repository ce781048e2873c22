import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { createAuthority, readAuthority, type Authority } from './certificate-authority.ts';

/** Files of the development authority and of the certificate that it signed for this machine. */
export interface DevelopmentAuthority {
  /** What a browser has to trust. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const authorityDays = 1825;
const certificateDays = 397;
const authorityOptions = {
  commonName: `Sallyport development on ${hostname().replaceAll(/[^\w.-]/g, '')}`,
  days: authorityDays,
  isForThisMachineOnly: true,
};
const renewBeforeMilliseconds = 30 * 86_400_000;
const names = { dns: ['localhost'], ip: ['127.0.0.1', '::1'] };

/**
 * Finds the authority and the certificate in the data folder, or makes what is missing, damaged or about to expire. The
 * authority can sign for this machine only, its key never leaves the folder, and every start uses the same one, so that
 * it has to be trusted once.
 */
export async function openDevelopmentAuthority(dataDir: string): Promise<DevelopmentAuthority> {
  const folder = path.join(dataDir, 'tls');
  const files = {
    caFile: path.join(folder, 'authority.pem'),
    certFile: path.join(folder, 'localhost.pem'),
    keyFile: path.join(folder, 'localhost-key.pem'),
  };
  const caKeyFile = path.join(folder, 'authority-key.pem');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);

  const found = await findAuthority(files.caFile, caKeyFile);
  const authority = found ?? (await createAuthority(authorityOptions));
  if (found === undefined) {
    await put(caKeyFile, authority.privateKey);
    await put(files.caFile, authority.certificate);
  }
  if (!(await isUsable(files, authority))) {
    const { certificate, privateKey } = await authority.issue({ names, days: certificateDays });
    await put(files.keyFile, privateKey);
    await put(files.certFile, certificate);
  }
  return files;
}

async function findAuthority(certFile: string, keyFile: string): Promise<Authority | undefined> {
  try {
    const authority = await readAuthority(await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8'));
    // It has to outlive what it signs next.
    return authority.expiresAt.getTime() - Date.now() > certificateDays * 86_400_000 ? authority : undefined;
  } catch {
    return undefined;
  }
}

/** Says whether the certificate belongs to its key, was signed by the authority and lasts for a while. */
async function isUsable({ certFile, keyFile }: DevelopmentAuthority, authority: Authority): Promise<boolean> {
  try {
    const certificate = new X509Certificate(await readFile(certFile));
    const isFresh = certificate.validToDate.getTime() - Date.now() > renewBeforeMilliseconds;
    const isSigned = certificate.verify(new X509Certificate(authority.certificate).publicKey);
    return isFresh && isSigned && certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile)));
  } catch {
    return false;
  }
}

/** Written aside and renamed, so that a kill in the middle leaves no half file. */
async function put(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}.tmp`;
  await writeFile(aside, text, { mode: 0o600 });
  await rename(aside, file);
}
