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
  const files = readFiles(caFile, crlFile);
  const first = judge(files);
  if (first.trust === undefined) throw new OptionsError(`SallyportModule certificates: ${first.problem}`);
  let { trust, text } = { trust: first.trust, text: files.text };
  let reportedText: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const update = (): void => {
    const next = readFiles(caFile, crlFile);
    // A list may be long: every signature and every entry of it is read when it is a new one, and not each time.
    if (next.text === text) {
      reportedText = undefined;
      return;
    }
    const found = judge(next);
    if (found.trust !== undefined) {
      ({ trust, text } = { trust: found.trust, text: next.text });
      reportedText = undefined;
      logger.info('certificates of callers are judged by other files', { event: 'certificate-trust-replaced' });
    } else if (next.text !== reportedText) {
      reportedText = next.text;
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

/** What the files hold. */
interface Files {
  /** Absent where it cannot be read. */
  readonly ca: string | undefined;
  readonly crl: string | undefined;
  readonly hasList: boolean;
  /** Tells one state of the files from another. */
  readonly text: string;
}

function readFiles(caFile: string, crlFile: string | undefined): Files {
  const ca = read(caFile);
  const crl = crlFile === undefined ? undefined : read(crlFile);
  return { ca, crl, hasList: crlFile !== undefined, text: JSON.stringify([ca, crl]) };
}

/** Trust is absent where the files cannot be used. */
function judge({ ca, crl, hasList }: Files): { readonly trust: MachineTrust | undefined; readonly problem: string } {
  const unread = (problem: string) => ({ trust: undefined, problem });
  if (ca === undefined) return unread('caFile names a file that cannot be read');
  if (hasList && crl === undefined) return unread('crlFile names a file that cannot be read');
  const outcome = readMachineTrust(crl === undefined ? { ca } : { ca, crl }, new Date());
  if (outcome.kind === 'read') return { trust: outcome.trust, problem: '' };
  return unread(outcome.problems.map(({ file, problem }) => `${file}File ${problem}`).join('; '));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
