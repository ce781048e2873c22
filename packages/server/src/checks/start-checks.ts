import { features } from '@sallyport/identity';
import { checkAdminListener } from './check-admin-listener.ts';
import { checkBrand } from './check-brand.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkDataFolder } from './check-data-folder.ts';
import { checkMail } from './check-mail.ts';
import { checkProxies } from './check-proxies.ts';
import { checkRoutes } from './check-routes.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkRootSecret } from './check-root-secret.ts';
import { checkTokenSecret } from './check-token-secret.ts';
import { checkWorkers } from './check-workers.ts';
import type { StartCheck } from './start-context.ts';

/** What the start of a gateway demands before it opens anything, in the order in which operators read it. */
export const startChecks: readonly StartCheck[] = [
  checkProxies,
  checkRoutes,
  checkMail,
  checkBrand,
  checkSecrets,
  checkRootSecret,
  checkTokenSecret,
  checkDataFolder,
  checkCertificate,
  checkWorkers,
  checkAdminListener,
  ...features.checks.map(({ name, run }): StartCheck => ({ name, run: ({ config }) => run(config) })),
];
