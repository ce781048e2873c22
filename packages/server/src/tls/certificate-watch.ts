import type { Logger } from '@sallyport/core';
import { ConfigurationError, type ConfigurationProblem } from '../config/configuration-error.ts';
import {
  examineCertificateFiles,
  type CertificateFiles,
  type CertificatePair,
  type ExaminedFiles,
} from './certificate.ts';

export interface CertificateWatchOptions {
  readonly files: CertificateFiles;
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly now?: () => Date;
  readonly intervalMilliseconds?: number;
}

/** The certificate in use, and what keeps it fresh. */
export interface CertificateWatch {
  /** The pair that is in use. */
  pair(): CertificatePair;
  /** Looks at the files from time to time; a pair that can be used is handed over. */
  start(replace: (pair: CertificatePair) => void): void;
  /** Words for operators. */
  warnings(): readonly string[];
  stop(): void;
}

const soonMilliseconds = 14 * 86_400_000;
const reminderMilliseconds = 12 * 3_600_000;

/**
 * Loads the certificate, and takes over what takes its place. The files are read again every few seconds: notifications
 * of file systems miss what Kubernetes, network folders and editors do, and two small files cost nothing.
 *
 * What cannot be used is reported once it has stayed like that for two looks, so that a file that is half written, or a
 * key that comes a moment after its certificate, raises no alarm. Until then, and ever after, the last good pair serves.
 *
 * @throws ConfigurationError when the pair of the start cannot be used.
 */
export function openCertificate(options: CertificateWatchOptions): CertificateWatch {
  const { files, publicUrl, logger, now = () => new Date(), intervalMilliseconds = 10_000 } = options;
  const first = look(files, publicUrl, now());
  if (first.pair === undefined || first.problems.length > 0) throw new ConfigurationError('tls', first.problems);
  let current = { pair: first.pair, expiresAt: first.expiresAt, text: first.text };
  let refusedText: string | undefined;
  let reportedText: string | undefined;
  let remindedAt: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const remind = (): void => {
    const time = now().getTime();
    const left = current.expiresAt.getTime() - time;
    if (left > soonMilliseconds || (remindedAt !== undefined && time - remindedAt < reminderMilliseconds)) return;
    remindedAt = time;
    const fields = { expiresAt: current.expiresAt.toISOString() };
    if (left > 0)
      logger.warn('the certificate expires soon: renew it', { event: 'certificate-expires-soon', ...fields });
    else
      logger.error('the certificate has expired: browsers refuse it; renew it', {
        event: 'certificate-expired',
        ...fields,
      });
  };
  const update = (replace: (pair: CertificatePair) => void): void => {
    const found = look(files, publicUrl, now());
    if (found.text === current.text) {
      refusedText = undefined;
      reportedText = undefined;
    } else if (found.pair !== undefined && found.problems.length === 0) {
      replace(found.pair);
      current = { pair: found.pair, expiresAt: found.expiresAt, text: found.text };
      refusedText = undefined;
      reportedText = undefined;
      remindedAt = undefined;
      logger.info('the certificate was replaced', {
        event: 'certificate-replaced',
        expiresAt: current.expiresAt.toISOString(),
      });
    } else if (found.text !== refusedText) {
      refusedText = found.text;
    } else if (found.text !== reportedText) {
      reportedText = found.text;
      logger.error('the new certificate is not used: the one before stays', {
        event: 'certificate-rejected',
        problems: describe(found.problems),
      });
    }
    remind();
  };

  remind();
  return {
    pair: () => current.pair,
    start: (replace) => {
      timer = setInterval(() => {
        try {
          update(replace);
        } catch (error) {
          logger.error('the new certificate is not used: the one before stays', {
            event: 'certificate-rejected',
            problems: nameOf(error),
          });
        }
      }, intervalMilliseconds);
      timer.unref();
    },
    warnings: () => [
      ...(reportedText === undefined ? [] : ['certificate-not-replaced']),
      ...warningOf(current.expiresAt.getTime() - now().getTime()),
    ],
    stop: () => clearInterval(timer),
  };
}

interface Look extends ExaminedFiles {
  /** Tells one state of the files from another. Never logged: it holds the key. */
  readonly text: string;
}

function look(files: CertificateFiles, publicUrl: string, now: Date): Look {
  const examined = examineCertificateFiles(files, publicUrl, now);
  const { pair, problems } = examined;
  return { ...examined, text: pair === undefined ? describe(problems) : `${pair.cert}\n${pair.key}` };
}

function describe(problems: readonly ConfigurationProblem[]): string {
  return problems.map(({ key, problem }) => `${key} ${problem}`).join('; ');
}

function warningOf(leftMilliseconds: number): readonly string[] {
  if (leftMilliseconds <= 0) return ['certificate-expired'];
  return leftMilliseconds <= soonMilliseconds ? ['certificate-expires-soon'] : [];
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
