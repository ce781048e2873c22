import { features } from '@sallyport/server';
import type { Command } from '../command.ts';
import { writeCertificateList } from './certs-crl.ts';
import { initCertificates } from './certs-init.ts';
import { issueCertificate } from './certs-issue.ts';
import { listCertificates } from './certs-list.ts';
import { renewCertificates } from './certs-renew.ts';
import { revokeCertificates } from './certs-revoke.ts';
import { callPath } from './call.ts';
import { dev } from './dev.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { init } from './init.ts';
import { listKeys } from './keys-list.ts';
import { rotateKeys } from './keys-rotate.ts';
import { withdrawKey } from './keys-withdraw.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { migrateDatabase } from './migrate.ts';
import { explainPolicy } from './policy-explain.ts';
import { testPolicy } from './policy-test.ts';
import { applyRoles, diffRoles } from './roles.ts';
import { listRoutes } from './routes.ts';
import { checkSecrets } from './secrets-check.ts';
import { generateSecret } from './secrets-generate.ts';
import { rewrapSecrets } from './secrets-rewrap.ts';
import { start } from './start.ts';
import { token } from './token.ts';
import { whoami } from './whoami.ts';

/** Every command, in the order of the help page: the gateway, those that features declare, those of the deployment as a whole. */
export const commands: readonly Command[] = [
  start,
  init,
  dev,
  ...features.commands,
  diffRoles,
  applyRoles,
  testPolicy,
  explainPolicy,
  generateSecret,
  checkSecrets,
  rewrapSecrets,
  listKeys,
  rotateKeys,
  withdrawKey,
  initCertificates,
  issueCertificate,
  renewCertificates,
  revokeCertificates,
  writeCertificateList,
  listCertificates,
  migrateDatabase,
  listRoutes,
  explain,
  doctor,
  login,
  whoami,
  callPath,
  token,
  logout,
];
