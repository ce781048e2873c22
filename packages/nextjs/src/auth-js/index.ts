import 'server-only';

export { SallyportError } from '@sallyport/core';
export { SallyportConfigurationError } from '../server/configuration-error.ts';
export type { NextAuthContext, NextAuthFunction } from './call-next-auth.ts';
export {
  postgresDatabase,
  sqliteDatabase,
  type PostgresPool,
  type ShellDatabase,
  type SqliteConnection,
  type SqlValue,
} from './shell-database.ts';
export type { ShellOptions, StorageChoice } from './shell-options.ts';
export { createAuthJsShell, type AuthJsShell, type ShellAuth } from './shell.ts';
