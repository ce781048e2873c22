import type { X509Certificate } from 'node:crypto';
import type { Logger } from '@sallyport/core';
import { problemOfAuthorities, type UpstreamTls } from '@sallyport/gateway';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { examinePair, readCertificate, readText, type CertificateFiles, type Examination } from './certificate.ts';
import { watchFiles, type FileWatch } from './watch-files.ts';

/** Where the certificate is that the gateway presents to services, and the authorities of theirs. */
export interface UpstreamTlsFiles extends CertificateFiles {
  readonly caFile?: string | undefined;
}

/** The certificate that services see, and what keeps it fresh. */
export type UpstreamCertificateWatch = FileWatch<UpstreamTls>;

export interface UpstreamCertificateOptions {
  readonly files: UpstreamTlsFiles;
  readonly logger: Logger;
  readonly now?: () => Date;
  readonly intervalMilliseconds?: number;
}

const section = 'upstreamTls';

/** id-kp-clientAuth (RFC 5280, section 4.2.1.12). */
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** Reads and examines the files: the one rule of the start, of every later look, and of `sallyport doctor`. */
export function examineUpstreamTls(
  files: UpstreamTlsFiles,
  now: Date,
): Examination & { readonly tls: UpstreamTls | undefined } {
  const unread: ConfigurationProblem[] = [];
  const outcome = readCertificate(files, section);
  const ca = files.caFile === undefined ? undefined : readText(`${section}.caFile`, files.caFile, unread);
  const problems = [...(outcome.kind === 'unreadable' ? outcome.problems : []), ...unread];
  if (outcome.kind === 'unreadable' || problems.length > 0) return { tls: undefined, problems, expiresAt: new Date(0) };
  const examined = examinePair(outcome.pair, section, now, problemOfPurpose);
  const unfit = ca === undefined ? undefined : problemOfAuthorities(ca);
  return {
    tls: { ...outcome.pair, ...(ca === undefined ? {} : { ca }) },
    problems: [...examined.problems, ...(unfit === undefined ? [] : [{ key: `${section}.caFile`, problem: unfit }])],
    expiresAt: examined.expiresAt,
  };
}

/**
 * Loads what the gateway presents to services, and takes over what takes its place.
 *
 * @throws ConfigurationError when what is there at the start cannot be used.
 */
export function openUpstreamCertificate({
  files,
  logger,
  ...others
}: UpstreamCertificateOptions): UpstreamCertificateWatch {
  return watchFiles({
    ...others,
    section,
    warning: 'upstream-certificate',
    log: {
      expiresSoon: (fields) =>
        logger.warn('the certificate for services expires soon: renew it', {
          event: 'upstream-certificate-expires-soon',
          ...fields,
        }),
      expired: (fields) =>
        logger.error('the certificate for services has expired: services refuse it; renew it', {
          event: 'upstream-certificate-expired',
          ...fields,
        }),
      replaced: (fields) =>
        logger.info('the certificate for services was replaced', { event: 'upstream-certificate-replaced', ...fields }),
      rejected: (fields) =>
        logger.error('the new certificate for services is not used: the one before stays', {
          event: 'upstream-certificate-rejected',
          ...fields,
        }),
    },
    look: (now) => {
      const { tls, problems, expiresAt } = examineUpstreamTls(files, now);
      return { material: tls, problems, expiresAt };
    },
    textOf: ({ cert, key, ca = '' }) => [cert, key, ca].join('\n'),
  });
}

function problemOfPurpose({ keyUsage }: X509Certificate): string | undefined {
  // Without the extension it is for any purpose. Node types it as a list, and gives none then.
  const purposes = keyUsage as readonly string[] | undefined;
  return purposes === undefined || purposes.includes(clientAuthentication)
    ? undefined
    : 'is not for clients, so that services refuse it; get one with the extended key usage clientAuth';
}
