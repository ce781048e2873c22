import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import type { NameConstraints } from './certificate-names.ts';
import { authorityExtensions } from './extensions.ts';
import { distinguishedName, makeCertificate } from './make-certificate.ts';
import { makePrivateFolder, requirePrivate, writeNewFile } from './private-files.ts';

/** An authority that lies in a folder, and can sign. */
export interface Authority {
  readonly folder: string;
  /** The folder as the operator typed it, for messages. */
  readonly shown: string;
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

export interface NewAuthority {
  readonly commonName: string;
  readonly organization: string | undefined;
  readonly constraints: NameConstraints;
  readonly days: number;
}

export const authorityFiles = { certificate: 'ca.pem', key: 'ca-key.pem', revocationList: 'ca.crl' } as const;
export const dayMilliseconds = 86_400_000;
/** Certificates hold from a little before they were made: clocks of machines differ. */
export const backdateMilliseconds = 300_000;

/**
 * Makes an authority in a folder. What is there is never replaced: every certificate that it signed would be void.
 *
 * @throws UsageError when an authority is there already.
 */
export function createAuthority(folder: string, shown: string, options: NewAuthority, now: Date): Authority {
  const { certificate: certificateFile, key: keyFile } = authorityFiles;
  if (hasAuthority(folder, shown))
    throw new UsageError(
      `There is an authority in ${shown}, and it is not replaced. Choose another folder with --folder.`,
      exitCodes.refused,
    );
  if (existsSync(folder)) requirePrivate(folder, shown);
  makePrivateFolder(folder);
  const { publicKey, privateKey } = makeKeys();
  const name = distinguishedName(options.commonName, options.organization);
  const certificate = makeCertificate(
    {
      issuer: name,
      subject: name,
      notBefore: new Date(now.getTime() - backdateMilliseconds),
      notAfter: new Date(now.getTime() + options.days * dayMilliseconds),
      publicKey,
      extensions: authorityExtensions(publicKey, options.constraints),
    },
    privateKey,
  );
  // The key first: what is left when this is cut short can be seen to be no authority.
  writeNewFile(join(folder, keyFile), toPem(privateKey));
  writeNewFile(join(folder, certificateFile), certificate.toString());
  // Nothing in the folder belongs into a repository.
  if (!existsSync(join(folder, '.gitignore'))) writeNewFile(join(folder, '.gitignore'), '*\n');
  return { folder, shown, certificate, privateKey };
}

/**
 * Opens the authority of a folder.
 *
 * @throws UsageError when there is none, when other users may read its key, or when the files do not belong together.
 */
export function openAuthority(folder: string, shown: string): Authority {
  const { certificate: certificateFile, key: keyFile } = authorityFiles;
  if (!hasAuthority(folder, shown))
    throw new UsageError(
      `There is no authority in ${shown}: make one with "sallyport certs init", or name its folder with --folder.`,
    );
  requirePrivate(folder, shown);
  requirePrivate(join(folder, keyFile), `${shown}/${keyFile}`);
  const certificate = readPem(folder, certificateFile, shown, (text) => new X509Certificate(text));
  const privateKey = readPem(folder, keyFile, shown, (text) => createPrivateKey(text));
  if (!certificate.checkPrivateKey(privateKey) || privateKey.asymmetricKeyType !== 'ec')
    throw new UsageError(
      `${shown}/${keyFile} does not belong to ${shown}/${certificateFile}. Bring both back from one backup, or make another authority.`,
    );
  return { folder, shown, certificate, privateKey };
}

/** Whether both files are there. One alone is left by a command that was cut short, or the other one was lost. */
function hasAuthority(folder: string, shown: string): boolean {
  const { certificate, key } = authorityFiles;
  const found = [certificate, key].filter((file) => existsSync(join(folder, file)));
  if (found.length !== 1) return found.length === 2;
  throw new UsageError(
    `${shown} holds ${found.join('')} alone. Bring the other file back from a backup, or remove it if nothing was issued yet.`,
  );
}

/** A key for one certificate: P-256, which everything that speaks TLS knows. */
export function makeKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function toPem(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function readPem<Result>(folder: string, file: string, shown: string, parse: (text: string) => Result): Result {
  const text = readFileSync(join(folder, file), 'utf8');
  try {
    return parse(text);
  } catch {
    throw new UsageError(
      `${shown}/${file} cannot be read as PEM. Bring it back from a backup, or make another authority.`,
    );
  }
}
