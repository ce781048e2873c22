import type { Logger } from '@sallyport/core';
import { readMachineTrust, type MachineTrust } from '@sallyport/gateway';
import type { Config } from '../config/config-schema.ts';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { examineCertificateFiles, readText, type CertificatePair, type ExaminedFiles } from './certificate.ts';
import { watchFiles, type FileLook, type FileWatch } from './watch-files.ts';

type MtlsConfig = NonNullable<Config['mtls']>;

/** The files of the listener for machines, and what keeps them fresh. */
export interface MachineCertificatesWatch {
  /** Absent where declared proxies terminate TLS. */
  readonly pair: FileWatch<CertificatePair> | undefined;
  readonly trust: FileWatch<MachineTrust>;
}

export interface MachineCertificatesOptions {
  readonly config: Pick<Config, 'mtls' | 'tls' | 'publicUrl'>;
  readonly logger: Logger;
  readonly now?: () => Date;
  readonly intervalMilliseconds?: number;
}

const soonMilliseconds = 14 * 86_400_000;

/** Origin that machines call. */
export function machineUrlOf({ mtls, publicUrl }: Pick<Config, 'mtls' | 'publicUrl'>): string {
  if (mtls?.publicUrl !== undefined) return mtls.publicUrl;
  const { hostname } = new URL(publicUrl);
  return `https://${hostname}:${mtls?.listen.port ?? 0}`;
}

/** Reads and examines the certificate of the listener itself; `undefined` where it has none. */
export function examineMachinePair(
  config: Pick<Config, 'mtls' | 'tls' | 'publicUrl'>,
  now: Date,
): ExaminedFiles | undefined {
  const { mtls, tls } = config;
  const own = mtls?.cert === undefined || mtls.key === undefined ? tls : { certFile: mtls.cert, keyFile: mtls.key };
  if (own === undefined) return undefined;
  const examined = examineCertificateFiles(own, machineUrlOf(config), now);
  // The files of `tls` may be good for browsers, and lack the name that machines call.
  return { ...examined, problems: examined.problems.map((problem) => nameKey(problem, mtls?.cert === undefined)) };
}

/**
 * Reads and examines which authorities the listener believes: the one rule of the start, of every later look, and of `sallyport doctor`.
 *
 * @param known what was read before, which is not read again while the files hold the same.
 */
export function examineMachineTrust(files: MtlsConfig, now: Date, known?: MachineTrust): FileLook<MachineTrust> {
  const unread: ConfigurationProblem[] = [];
  const ca = readText('mtls.ca', files.ca, unread);
  const crl = files.crl === undefined ? undefined : readText('mtls.crl', files.crl, unread);
  if (ca === undefined || unread.length > 0) return unusable(unread);
  // What is in use is not new, also when it has run out meanwhile.
  if (known?.ca === ca && known.crlText === crl) return { material: known, problems: [], ...endOf(known) };
  const outcome = readMachineTrust({ ca, ...(crl === undefined ? {} : { crl }) }, now);
  if (outcome.kind === 'refused')
    return unusable(outcome.problems.map(({ file, problem }) => ({ key: `mtls.${file}`, problem })));
  const { trust } = outcome;
  return { material: trust, problems: [], ...endOf(trust) };
}

/**
 * Loads what the listener for machines needs, and takes over what takes its place. A list that cannot be used, or has run
 * out, leaves the one before in place.
 *
 * @throws ConfigurationError when what is there at the start cannot be used.
 */
export function openMachineCertificates({
  config,
  logger,
  ...others
}: MachineCertificatesOptions): MachineCertificatesWatch | undefined {
  const { mtls } = config;
  if (mtls === undefined) return undefined;
  const hasPair = mtls.cert !== undefined || config.tls !== undefined;
  return {
    pair: hasPair ? watchPair({ config, logger, ...others }) : undefined,
    trust: watchTrust(mtls, { logger, ...others }),
  };
}

function watchPair({ config, logger, ...others }: MachineCertificatesOptions): FileWatch<CertificatePair> {
  return watchFiles({
    ...others,
    section: 'mtls',
    warning: 'machine-certificate',
    log: {
      expiresSoon: (fields) =>
        logger.warn('the certificate that machines see expires soon: renew it', {
          event: 'machine-certificate-expires-soon',
          ...fields,
        }),
      expired: (fields) =>
        logger.error('the certificate that machines see has expired: they refuse it; renew it', {
          event: 'machine-certificate-expired',
          ...fields,
        }),
      replaced: (fields) =>
        logger.info('the certificate that machines see was replaced', {
          event: 'machine-certificate-replaced',
          ...fields,
        }),
      rejected: (fields) =>
        logger.error('the new certificate for machines is not used: the one before stays', {
          event: 'machine-certificate-rejected',
          ...fields,
        }),
    },
    look: (now) => {
      const { pair, problems, expiresAt } = examineMachinePair(config, now) ?? unusable([]);
      return { material: pair, problems, expiresAt };
    },
    textOf: ({ cert, key }) => `${cert}\n${key}`,
  });
}

function watchTrust(
  mtls: MtlsConfig,
  { logger, ...others }: Omit<MachineCertificatesOptions, 'config'>,
): FileWatch<MachineTrust> {
  let known: MachineTrust | undefined;
  return watchFiles({
    ...others,
    section: 'mtls',
    warning: 'machine-trust',
    log: {
      expiresSoon: (fields) =>
        logger.warn('an authority of machines, or its list of revoked certificates, runs out soon', {
          event: 'machine-trust-expires-soon',
          ...fields,
        }),
      expired: (fields) =>
        logger.error('an authority of machines, or its list, has run out: its certificates are refused', {
          event: 'machine-trust-expired',
          ...fields,
        }),
      replaced: (fields) =>
        logger.info('the authorities of machines and their lists were replaced', {
          event: 'machine-trust-replaced',
          ...fields,
        }),
      rejected: (fields) =>
        logger.error('the new authorities or lists of machines are not used: those before stay', {
          event: 'machine-trust-rejected',
          ...fields,
        }),
    },
    look: (now) => {
      const found = examineMachineTrust(mtls, now, known);
      known = found.material ?? known;
      return found;
    },
    textOf: ({ ca, crlText = '' }) => `${ca}\n${crlText}`,
  });
}

/** A list lives for days: operators hear of its end when three quarters of that are over. */
function endOf({ authorityExpiresAt, lists }: MachineTrust): Pick<FileLook<MachineTrust>, 'expiresAt' | 'soonAt'> {
  const ends = [...(lists?.values() ?? [])].map(({ issuedAt, expiresAt }) => ({
    expiresAt,
    soonAt: new Date(expiresAt.getTime() - (expiresAt.getTime() - issuedAt.getTime()) / 4),
  }));
  const ofAuthority = {
    expiresAt: authorityExpiresAt,
    soonAt: new Date(authorityExpiresAt.getTime() - soonMilliseconds),
  };
  const all = [ofAuthority, ...ends];
  return {
    expiresAt: new Date(Math.min(...all.map(({ expiresAt }) => expiresAt.getTime()))),
    soonAt: new Date(Math.min(...all.map(({ soonAt }) => soonAt.getTime()))),
  };
}

function nameKey({ key, problem }: ConfigurationProblem, isShared: boolean): ConfigurationProblem {
  const advice = problem.replace('the host of publicUrl', 'the host that machines call');
  if (isShared) return { key, problem: `${advice} (mtls has no cert of its own)` };
  const rename = (text: string): string =>
    text.replaceAll('tls.certFile', 'mtls.cert').replaceAll('tls.keyFile', 'mtls.key');
  return { key: rename(key), problem: rename(advice) };
}

function unusable(problems: readonly ConfigurationProblem[]) {
  return { material: undefined, pair: undefined, problems, expiresAt: new Date(0) };
}
