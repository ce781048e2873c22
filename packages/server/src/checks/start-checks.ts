import type { CheckFinding, Logger } from '@sallyport/core';
import { features } from '@sallyport/identity';
import { ConfigurationError } from '../config/configuration-error.ts';
import { checkAdminListener } from './check-admin-listener.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkDataFolder } from './check-data-folder.ts';
import { checkMail } from './check-mail.ts';
import { checkProxies } from './check-proxies.ts';
import { checkRootSecret } from './check-root-secret.ts';
import { checkTokenSecret } from './check-token-secret.ts';
import { checkWorkers } from './check-workers.ts';
import type { StartCheck, StartContext } from './start-context.ts';

/** What the start of a gateway demands before it opens anything, in the order in which operators read it. */
export const startChecks: readonly StartCheck[] = [
  checkProxies,
  checkMail,
  checkRootSecret,
  checkTokenSecret,
  checkDataFolder,
  checkCertificate,
  checkWorkers,
  checkAdminListener,
  ...features.checks.map(({ name, run }): StartCheck => ({ name, run: ({ config }) => run(config) })),
];

/**
 * Runs the checks of the start, and logs their warnings.
 *
 * @throws ConfigurationError with every failure at once.
 */
export async function requireStartChecks(context: StartContext, logger: Logger): Promise<void> {
  const found: { readonly check: string; readonly finding: CheckFinding }[] = [];
  for (const check of startChecks)
    for (const finding of await check.run(context)) found.push({ check: check.name, finding });
  const failures = found.filter(({ finding }) => finding.kind === 'failure');
  if (failures.length > 0)
    throw new ConfigurationError(
      'start',
      failures.map(({ check, finding }) => ({ key: finding.key ?? check, problem: withHint(finding) })),
    );
  for (const { check, finding } of found)
    if (finding.kind === 'warning')
      logger.warn('a check of the start found what is not safe', {
        event: 'start-check-warning',
        check,
        finding: describeFinding(finding),
        hint: finding.hint,
      });
}

/** The finding as one text, with the setting at fault. */
export function describeFinding({ key, finding }: CheckFinding): string {
  return key === undefined ? finding : `${key} ${finding}`;
}

function withHint({ finding, hint }: CheckFinding): string {
  return hint === undefined ? finding : `${finding}. ${hint}`;
}
