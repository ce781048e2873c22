import { join } from 'node:path';
import { silentLogger } from '@sallyport/core';
import {
  createClosing,
  openIdentity,
  openStores,
  parseConfig,
  readEnvironment,
  type ServedIdentity,
} from '@sallyport/server';
import { testRoutes } from '@sallyport/server/test-support';
import { folderPolicy, testSecret, type GatewayFolder } from './gateway-folder.ts';

/** Makes the account of a vendor in the stores of a gateway that does not run, as the command line does it. */
export function makeAccount(
  folder: GatewayFolder,
  variables: Readonly<Record<string, string>>,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<unknown> {
  return withIdentity(folder, variables, ({ accounts }) =>
    accounts.createUser({ name: 'Ada', email, password, roles: ['vendor'], emailVerified: true }),
  );
}

/** Registers a first-party client of OAuth there, whose codes are sent to an address where nothing listens. */
export function makeClient(folder: GatewayFolder, variables: Readonly<Record<string, string>>) {
  const redirectUri = 'http://127.0.0.1:4999/callback';
  const resource = folder.origin;
  return withIdentity(folder, variables, async ({ operations }) => {
    const create = operations.find(({ name }) => name === 'oauth-clients/create');
    const input = {
      name: 'Own',
      trust: 'first-party',
      authentication: 'client_secret_basic',
      grantTypes: ['authorization_code', 'refresh_token', 'device_code'],
      redirectUris: [redirectUri],
      scopes: ['openid', 'offline_access'],
      resources: [resource],
    };
    const context = { actor: 'operator:test', requestId: 'operator', address: 'local' };
    const made = (await create?.run(input, context)) as {
      readonly client: { readonly id: string };
      readonly secret: string;
    };
    return { id: made.client.id, secret: made.secret, redirectUri, resource };
  });
}

async function withIdentity<T>(
  { folder, origin }: GatewayFolder,
  variables: Readonly<Record<string, string>>,
  work: (identity: ServedIdentity) => Promise<T>,
): Promise<T> {
  const config = parseConfig(
    {
      publicUrl: origin,
      policy: folderPolicy,
      routes: testRoutes('http://127.0.0.1:9'),
      dataDir: join(folder, 'data'),
      oauthProvider: {},
    },
    'test',
  );
  const closing = createClosing();
  const environment = readEnvironment({ ...variables, SALLYPORT_SECRET: testSecret });
  const stores = await openStores({ config, environment, logger: silentLogger, closing });
  const mailer = { send: () => Promise.resolve() };
  const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
  const done = await work(identity);
  await identity.close();
  await closing.close();
  return done;
}
