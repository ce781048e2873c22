import { features } from '@sallyport/identity';
import type { Command } from '../command.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { listKeys } from './keys-list.ts';
import { rotateKeys } from './keys-rotate.ts';
import { withdrawKey } from './keys-withdraw.ts';
import { migrateDatabase } from './migrate.ts';
import { applyRoles, diffRoles } from './roles.ts';
import { listRoutes } from './routes.ts';
import { checkSecrets } from './secrets-check.ts';
import { generateSecret } from './secrets-generate.ts';
import { rewrapSecrets } from './secrets-rewrap.ts';
import { endAllSessions } from './sessions-end-all.ts';
import { banUser, unbanUser } from './users-ban.ts';
import { createAdmin } from './users-create-admin.ts';
import { importUsers } from './users-import.ts';
import { listUsers } from './users-list.ts';
import { setRoles } from './users-set-roles.ts';
import { showUser } from './users-show.ts';

/** Every command, in the order of the help page: those that features declare, then those of the deployment as a whole. */
export const commands: readonly Command[] = [
  ...features.commands,
  createAdmin,
  importUsers,
  listUsers,
  showUser,
  setRoles,
  banUser,
  unbanUser,
  endAllSessions,
  diffRoles,
  applyRoles,
  generateSecret,
  checkSecrets,
  rewrapSecrets,
  listKeys,
  rotateKeys,
  withdrawKey,
  migrateDatabase,
  listRoutes,
  explain,
  doctor,
];
