import { join } from 'node:path';
import { silentLogger } from '@sallyport/core';
import { createClosing, openIdentity, openStores, parseConfig, readEnvironment } from '@sallyport/server';
import { testRoutes } from '@sallyport/server/test-support';
import { folderPolicy, testSecret, type GatewayFolder } from './gateway-folder.ts';

/** Makes the account of a vendor in the stores of a gateway that does not run, as the command line does it. */
export async function makeAccount(
  { folder, origin }: GatewayFolder,
  variables: Readonly<Record<string, string>>,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<void> {
  const config = parseConfig(
    {
      publicUrl: origin,
      policy: folderPolicy,
      routes: testRoutes('http://127.0.0.1:9'),
      dataDir: join(folder, 'data'),
    },
    'test',
  );
  const closing = createClosing();
  const environment = readEnvironment({ ...variables, SALLYPORT_SECRET: testSecret });
  const stores = await openStores({ config, environment, logger: silentLogger, closing });
  const mailer = { send: () => Promise.resolve() };
  const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
  await identity.accounts.createUser({ name: 'Ada', email, password, roles: ['vendor'], emailVerified: true });
  await identity.close();
  await closing.close();
}
