import { createAuthJsShell } from '@sallyport/nextjs/auth-js';
import NextAuth from 'next-auth';
import { consoleLog } from './console-log.ts';
import { shellEnvironment } from './shell-environment.ts';
import { chooseStorage } from './shell-storage.ts';

/** Sessions are next-auth's, users are the gateway's, and pages of zones come through here. */
export const shell = createAuthJsShell(NextAuth, () => {
  const environment = shellEnvironment();
  const { gatewayUrl, storage: _storage, databaseUrl: _databaseUrl, ...rest } = environment;
  return {
    ...rest,
    ...(gatewayUrl === undefined ? {} : { gatewayUrl }),
    storage: chooseStorage(environment),
    logger: consoleLog,
  };
});
