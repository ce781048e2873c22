import { features } from '../features.ts';
import {
  checkDatabaseAddresses,
  checkDirectAddress,
  checkRedisAddress,
  checkRedisAuthorities,
} from './check-addresses.ts';
import { checkAdminListener } from './check-admin-listener.ts';
import { checkBrand } from './check-brand.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkDataFolder } from './check-data-folder.ts';
import { checkMachineCertificates } from './check-machine-certificates.ts';
import { checkEmail, checkMailbox, checkTextMessages } from './check-mail.ts';
import { checkMailboxPort, checkPorts } from './check-ports.ts';
import { checkProxies } from './check-proxies.ts';
import { checkProviderSecrets } from './check-provider-secrets.ts';
import { checkRoutes } from './check-routes.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkRootSecret } from './check-root-secret.ts';
import { checkTokenSecret } from './check-token-secret.ts';
import { checkTokens } from './check-tokens.ts';
import { checkUpstreamCertificate } from './check-upstream-certificate.ts';
import { checkWebhookSecrets } from './check-webhook-secrets.ts';
import { checkWorkers } from './check-workers.ts';
import type { StartCheck } from './start-context.ts';

/** What the start of a gateway demands before it opens anything, in the order in which operators read it. */
export const startChecks: readonly StartCheck[] = [
  checkProxies,
  checkRoutes,
  checkTokens,
  checkEmail,
  checkTextMessages,
  checkMailbox,
  checkBrand,
  checkSecrets,
  checkRootSecret,
  checkTokenSecret,
  checkWebhookSecrets,
  checkProviderSecrets,
  checkDataFolder,
  checkDatabaseAddresses,
  checkDirectAddress,
  checkRedisAddress,
  checkRedisAuthorities,
  checkCertificate,
  checkMachineCertificates,
  checkUpstreamCertificate,
  checkWorkers,
  checkAdminListener,
  ...features.checks.map(({ name, run }): StartCheck => ({ name, run: ({ config }) => run(config) })),
];

/** What another gateway may have until it has drained. */
export const portChecks: readonly StartCheck[] = [checkPorts, checkMailboxPort];

/** What the process that starts a gateway demands on top. */
export const firstStartChecks: readonly StartCheck[] = [...startChecks, ...portChecks];
