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

/**
 * Reads both files. A key that every user of the machine may read is refused, and so is an unreadable one.
 *
 * @param section where the configuration names them.
 */
export function readCertificate({ certFile, keyFile }: CertificateFiles, section = 'tls'): ReadOutcome {
  const problems: ConfigurationProblem[] = [];
  const cert = readText(`${section}.certFile`, certFile, problems);
  const key = readText(`${section}.keyFile`, keyFile, problems);
  if (cert === undefined || key === undefined) return { kind: 'unreadable', problems };
  // Windows has no such bits; its answer is made up.
  if (process.platform !== 'win32' && (statSync(keyFile).mode & everybodyElse) !== 0) {
    problems.push({
      key: `${section}.keyFile`,
      problem:
        'is open to every user of this machine; take that away: chmod o-rwx (with Kubernetes, defaultMode: 0440)',
    });
    return { kind: 'unreadable', problems };
  }
  return { kind: 'read', pair: { cert, key } };
}

/** Looks for everything that would make browsers, or Node, refuse the pair for the public address. */
export function examineCertificate(pair: CertificatePair, publicUrl: string, now: Date): Examination {
  const problem = 'does not name the host of publicUrl; get one whose subjectAltName does';
  return examinePair(pair, 'tls', now, (leaf) => (coversHost(leaf, new URL(publicUrl).hostname) ? undefined : problem));
}

/**
 * Looks for everything that would make Node, or the other side, refuse a pair.
 *
 * @param section where the configuration names its files.
 * @param problemOf what is wrong with the certificate for its purpose.
 */
export function examinePair(
  { cert, key }: CertificatePair,
  section: string,
  now: Date,
  problemOf: (leaf: X509Certificate) => string | undefined,
): Examination {
  const certFile = `${section}.certFile`;
  const leaf = attempt(() => new X509Certificate(cert));
  if (leaf === undefined) {
    const problem = 'holds no certificate; it must be PEM, the certificate of the server first, then its chain';
    return { problems: [{ key: certFile, problem }], expiresAt: new Date(0) };
  }
  const unfit = problemOf(leaf);
  const problems = [
    ...problemsOfKey(leaf, key, section),
    ...problemsOfTime(leaf, now, certFile),
    ...(unfit === undefined ? [] : [{ key: certFile, problem: unfit }]),
  ];
  if (problems.length === 0 && attempt(() => createSecureContext({ cert, key })) === undefined) {
    problems.push({ key: certFile, problem: 'is refused by OpenSSL: the chain is damaged or the key too small' });
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

/** Reads a file of the configuration, or notes why it cannot be read. */
export function readText(key: string, file: string, problems: ConfigurationProblem[]): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isForbidden = error instanceof Error && 'code' in error && error.code === 'EACCES';
    const problem = isForbidden ? 'names a file that this process may not read' : 'names a file that cannot be read';
    problems.push({ key, problem });
    return undefined;
  }
}

function problemsOfKey(leaf: X509Certificate, key: string, section: string): ConfigurationProblem[] {
  const keyFile = `${section}.keyFile`;
  const privateKey: KeyObject | undefined = attempt(() => createPrivateKey(key));
  if (privateKey === undefined) {
    const problem = key.includes('ENCRYPTED')
      ? 'is encrypted, and the gateway has no password for it; decrypt it: openssl pkey -in … -out …'
      : 'holds no private key; it must be PEM';
    return [{ key: keyFile, problem }];
  }
  if (leaf.checkPrivateKey(privateKey)) return [];
  const problem = `does not belong to the first certificate of ${section}.certFile; take both from one order, the server before its chain`;
  return [{ key: keyFile, problem }];
}

function problemsOfTime(leaf: X509Certificate, now: Date, key: string): ConfigurationProblem[] {
  if (leaf.validToDate <= now) return [{ key, problem: 'has expired; renew it, or correct the clock' }];
  if (leaf.validFromDate > now) {
    return [{ key, problem: 'is not valid yet; correct the clock, or wait' }];
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
