import type { CheckFinding } from '@sallyport/core';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { examineMachinePair, examineMachineTrust, machineUrlOf } from '../tls/machine-certificates.ts';
import type { StartCheck } from './start-context.ts';

const millisecondsPerDay = 86_400_000;

/** Whether machines could call, and for how long what says so holds. The gateway looks again every few seconds. */
export const checkMachineCertificates: StartCheck = {
  name: 'TLS of machines',
  run: ({ config }) => {
    if (config.mtls === undefined) return [];
    const now = new Date();
    const daysUntil = (date: Date): number => Math.floor((date.getTime() - now.getTime()) / millisecondsPerDay);
    const pair = examineMachinePair(config, now);
    const { material: trust, problems } = examineMachineTrust(config.mtls, now);
    const failures = [...(pair?.problems ?? []), ...problems];
    if (failures.length > 0 || trust === undefined) return failures.map(toFailure);
    const { hostname } = new URL(machineUrlOf(config));
    const { authorityExpiresAt, listExpiresAt } = trust;
    return [
      ...(pair === undefined
        ? []
        : [ok(`the certificate that machines see is for ${hostname} and lives for ${daysUntil(pair.expiresAt)} days`)]),
      ok(`the first authority of machines to run out does so in ${daysUntil(authorityExpiresAt)} days`),
      listExpiresAt === undefined
        ? ok('no list of revoked certificates is kept (mtls.crl): none is ever revoked')
        : ok(`the list of revoked certificates holds for ${daysUntil(listExpiresAt)} days`),
    ];
  },
};

function ok(finding: string): CheckFinding {
  return { kind: 'ok', finding };
}

function toFailure({ key, problem }: ConfigurationProblem): CheckFinding {
  return { kind: 'failure', key, finding: problem };
}
