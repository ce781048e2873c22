import { examineUpstreamTls } from '../tls/upstream-certificate.ts';
import type { StartCheck } from './start-context.ts';

const millisecondsPerDay = 86_400_000;

/** Whether services could take the certificate that the gateway presents. The gateway looks again every few seconds. */
export const checkUpstreamCertificate: StartCheck = {
  name: 'TLS to services',
  run: ({ config }) => {
    if (config.upstreamTls === undefined) return [];
    const now = new Date();
    const { problems, expiresAt } = examineUpstreamTls(config.upstreamTls, now);
    if (problems.length > 0) return problems.map(({ key, problem }) => ({ kind: 'failure', key, finding: problem }));
    const days = Math.floor((expiresAt.getTime() - now.getTime()) / millisecondsPerDay);
    return [{ kind: 'ok', finding: `the certificate that services see lives for ${days} days` }];
  },
};
