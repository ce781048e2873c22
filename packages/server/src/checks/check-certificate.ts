import type { CheckFinding } from '@sallyport/core';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { examineCertificate, readCertificate } from '../tls/certificate.ts';
import type { StartCheck } from './start-context.ts';

const millisecondsPerDay = 86_400_000;
const warnDaysBeforeExpiry = 14;

/** Whether browsers would take the certificate for the public address. The gateway looks again every few seconds. */
export const checkCertificate: StartCheck = {
  name: 'TLS',
  run: ({ config }) => {
    if (config.tls === undefined) return [];
    const now = new Date();
    const outcome = readCertificate(config.tls);
    if (outcome.kind === 'unreadable') return outcome.problems.map(toFailure);
    const { publicUrl } = config;
    const { problems, expiresAt } = examineCertificate(outcome.pair, publicUrl, now);
    if (problems.length > 0) return problems.map(toFailure);
    const days = Math.floor((expiresAt.getTime() - now.getTime()) / millisecondsPerDay);
    // The gateway logs this twice a day: it is no finding of the start.
    if (days < warnDaysBeforeExpiry)
      return [{ kind: 'ok', finding: `the certificate expires in ${days} days`, hint: 'Renew it.' }];
    const { hostname } = new URL(publicUrl);
    return [{ kind: 'ok', finding: `the certificate is for ${hostname} and lives for ${days} days` }];
  },
};

function toFailure({ key, problem }: ConfigurationProblem): CheckFinding {
  return { kind: 'failure', key, finding: problem };
}
