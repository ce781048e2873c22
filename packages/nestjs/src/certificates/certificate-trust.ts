import { readFileSync } from 'node:fs';
import { OptionsError, readMachineTrust, type Logger, type MachineTrust } from '@sallyport/core';
import type { CertificatesOptions } from './certificates-options.ts';

/** Whose certificates this service believes, as its files say it by now. */
export interface CertificateTrust {
  readonly current: () => MachineTrust;
  /** Looks at the files from time to time, until it is stopped. */
  start(): void;
  stop(): void;
}

export interface CertificateTrustOptions extends Pick<CertificatesOptions, 'caFile' | 'crlFile'> {
  readonly logger: Logger;
  /** @default 10000 */
  readonly intervalMilliseconds?: number | undefined;
}

/**
 * Reads whose certificates are believed, and takes over what takes its place. The files are read again every few seconds:
 * notifications of file systems miss what Kubernetes does. What cannot be used is reported, and what was there before
 * stays: a list that has run out by then is believed no more, and everyone it is about refused.
 *
 * @throws OptionsError when the files of the start cannot be used.
 */
export function openCertificateTrust(options: CertificateTrustOptions): CertificateTrust {
  const { caFile, crlFile, logger, intervalMilliseconds = 10_000 } = options;
  const first = look(caFile, crlFile);
  if (first.trust === undefined) throw new OptionsError(`SallyportModule certificates: ${first.problem}`);
  let { trust, text } = { trust: first.trust, text: first.text };
  let reportedText: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const update = (): void => {
    const found = look(caFile, crlFile);
    if (found.text === text) {
      reportedText = undefined;
    } else if (found.trust !== undefined) {
      ({ trust, text } = { trust: found.trust, text: found.text });
      reportedText = undefined;
      logger.info('certificates of callers are judged by other files', { event: 'certificate-trust-replaced' });
    } else if (found.text !== reportedText) {
      reportedText = found.text;
      logger.error('the new files for certificates of callers are not used: those before stay', {
        event: 'certificate-trust-rejected',
        problems: found.problem,
      });
    }
  };

  return {
    current: () => trust,
    start: () => {
      timer = setInterval(update, intervalMilliseconds).unref();
    },
    stop: () => clearInterval(timer),
  };
}

interface Look {
  /** Absent where the files cannot be used. */
  readonly trust: MachineTrust | undefined;
  readonly problem: string;
  /** Tells one state of the files from another. */
  readonly text: string;
}

function look(caFile: string, crlFile: string | undefined): Look {
  const ca = read(caFile);
  const crl = crlFile === undefined ? undefined : read(crlFile);
  const text = JSON.stringify([ca, crl]);
  const unread = (problem: string): Look => ({ trust: undefined, problem, text });
  if (ca === undefined) return unread('caFile names a file that cannot be read');
  if (crlFile !== undefined && crl === undefined) return unread('crlFile names a file that cannot be read');
  const outcome = readMachineTrust(crl === undefined ? { ca } : { ca, crl }, new Date());
  if (outcome.kind === 'read') return { trust: outcome.trust, problem: '', text };
  return unread(outcome.problems.map(({ file, problem }) => `${file}File ${problem}`).join('; '));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
