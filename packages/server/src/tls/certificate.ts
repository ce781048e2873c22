import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { ConfigurationProblem } from '../config/configuration-error.ts';

/** Where the certificate chain and its key are. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The contents of both files. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** A pair that was read, or why it could not be. */
export type ReadOutcome =
  | { readonly kind: 'read'; readonly pair: CertificatePair }
  | { readonly kind: 'unreadable'; readonly problems: readonly ConfigurationProblem[] };

/** What is wrong with a pair, and when it expires. */
export interface Examination {
  readonly problems: readonly ConfigurationProblem[];
  readonly expiresAt: Date;
}

/** What is wrong with the files of a pair; `pair` is absent when they cannot be read. */
export interface ExaminedFiles extends Examination {
  readonly pair: CertificatePair | undefined;
}

const everybodyElse = 0o007;

/** Reads and examines a pair: the one rule of the start, of every later look, and of `sallyport doctor`. */
export function examineCertificateFiles(files: CertificateFiles, publicUrl: string, now: Date): ExaminedFiles {
  const outcome = readCertificate(files);
  if (outcome.kind === 'unreadable') return { pair: undefined, problems: outcome.problems, expiresAt: new Date(0) };
  return { pair: outcome.pair, ...examineCertificate(outcome.pair, publicUrl, now) };
}

/** Reads both files. A key that every user of the machine may read is refused, and so is an unreadable one. */
export function readCertificate({ certFile, keyFile }: CertificateFiles): ReadOutcome {
  const problems: ConfigurationProblem[] = [];
  const cert = readText('tls.certFile', certFile, problems);
  const key = readText('tls.keyFile', keyFile, problems);
  if (cert === undefined || key === undefined) return { kind: 'unreadable', problems };
  // Windows has no such bits; its answer is made up.
  if (process.platform !== 'win32' && (statSync(keyFile).mode & everybodyElse) !== 0) {
    problems.push({
      key: 'tls.keyFile',
      problem:
        'is open to every user of this machine; take that away: chmod o-rwx (with Kubernetes, defaultMode: 0440)',
    });
    return { kind: 'unreadable', problems };
  }
  return { kind: 'read', pair: { cert, key } };
}

/** Looks for everything that would make browsers, or Node, refuse the pair for the public address. */
export function examineCertificate({ cert, key }: CertificatePair, publicUrl: string, now: Date): Examination {
  const leaf = attempt(() => new X509Certificate(cert));
  if (leaf === undefined) {
    const problem = 'holds no certificate; it must be PEM, the certificate of the server first, then its chain';
    return { problems: [{ key: 'tls.certFile', problem }], expiresAt: new Date(0) };
  }
  const problems = [
    ...problemsOfKey(leaf, key),
    ...problemsOfTime(leaf, now),
    ...(coversHost(leaf, new URL(publicUrl).hostname)
      ? []
      : [{ key: 'tls.certFile', problem: 'does not name the host of publicUrl; get one whose subjectAltName does' }]),
  ];
  if (problems.length === 0 && attempt(() => createSecureContext({ cert, key })) === undefined) {
    problems.push({ key: 'tls.certFile', problem: 'is refused by OpenSSL: the chain is damaged or the key too small' });
  }
  return { problems, expiresAt: leaf.validToDate };
}

/** Says whether a certificate holds for a host. Only the subjectAltName counts: browsers read nothing else. */
function coversHost(certificate: X509Certificate, hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const found =
    isIP(address) === 0 ? certificate.checkHost(hostname, { subject: 'never' }) : certificate.checkIP(address);
  return found !== undefined;
}

function readText(key: string, file: string, problems: ConfigurationProblem[]): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isForbidden = error instanceof Error && 'code' in error && error.code === 'EACCES';
    const problem = isForbidden ? 'names a file that this process may not read' : 'names a file that cannot be read';
    problems.push({ key, problem });
    return undefined;
  }
}

function problemsOfKey(leaf: X509Certificate, key: string): ConfigurationProblem[] {
  const privateKey: KeyObject | undefined = attempt(() => createPrivateKey(key));
  if (privateKey === undefined) {
    const problem = key.includes('ENCRYPTED')
      ? 'is encrypted, and the gateway has no password for it; decrypt it: openssl pkey -in … -out …'
      : 'holds no private key; it must be PEM';
    return [{ key: 'tls.keyFile', problem }];
  }
  if (leaf.checkPrivateKey(privateKey)) return [];
  const problem =
    'does not belong to the first certificate of tls.certFile; take both from one order, the server before its chain';
  return [{ key: 'tls.keyFile', problem }];
}

function problemsOfTime(leaf: X509Certificate, now: Date): ConfigurationProblem[] {
  if (leaf.validToDate <= now) return [{ key: 'tls.certFile', problem: 'has expired; renew it, or correct the clock' }];
  if (leaf.validFromDate > now) {
    return [{ key: 'tls.certFile', problem: 'is not valid yet; correct the clock, or wait' }];
  }
  return [];
}

function attempt<Result>(step: () => Result): Result | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}
