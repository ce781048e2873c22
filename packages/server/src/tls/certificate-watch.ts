import type { Logger } from '@sallyport/core';
import { examineCertificateFiles, type CertificateFiles, type CertificatePair } from './certificate.ts';
import { watchFiles, type FileWatch } from './watch-files.ts';

export interface CertificateWatchOptions {
  readonly files: CertificateFiles;
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly now?: () => Date;
  readonly intervalMilliseconds?: number;
}

/** The certificate that browsers see, and what keeps it fresh. */
export type CertificateWatch = FileWatch<CertificatePair>;

/**
 * Loads the certificate that browsers see, and takes over what takes its place.
 *
 * @throws ConfigurationError when the pair of the start cannot be used.
 */
export function openCertificate({ files, publicUrl, logger, ...others }: CertificateWatchOptions): CertificateWatch {
  return watchFiles({
    ...others,
    section: 'tls',
    warning: 'certificate',
    log: {
      expiresSoon: (fields) =>
        logger.warn('the certificate expires soon: renew it', { event: 'certificate-expires-soon', ...fields }),
      expired: (fields) =>
        logger.error('the certificate has expired: browsers refuse it; renew it', {
          event: 'certificate-expired',
          ...fields,
        }),
      replaced: (fields) => logger.info('the certificate was replaced', { event: 'certificate-replaced', ...fields }),
      rejected: (fields) =>
        logger.error('the new certificate is not used: the one before stays', {
          event: 'certificate-rejected',
          ...fields,
        }),
    },
    look: (now) => {
      const { pair, problems, expiresAt } = examineCertificateFiles(files, publicUrl, now);
      return { material: pair, problems, expiresAt };
    },
    textOf: ({ cert, key }) => `${cert}\n${key}`,
  });
}
