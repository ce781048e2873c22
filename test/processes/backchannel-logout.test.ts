import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLogger, type SessionsAnswer } from '@sallyport/core';
import { createClosing, openIdentity, openStores, parseConfig, readEnvironment } from '@sallyport/server';
import { testRoutes } from '@sallyport/server/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGatewayFolder, folderPolicy, testSecret, type GatewayFolder } from './gateway-folder.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { makePostgresSchema, postgresUrl, type PostgresSchema } from './postgres-schema.ts';
import { runOnPostgres } from './run-on-postgres.ts';
import { signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const account = { email: 'ada@example.test', password: 'violet-kettle-marches-north-7' };

/** Gateways in processes of their own, on one PostgreSQL and one Redis, and a client on a port of its own. */
describe.skipIf(postgresUrl === '' || redisUrl === '')('back-channel logout of gateways [postgres + redis]', () => {
  let schema: PostgresSchema;
  let folders: readonly GatewayFolder[];
  let running: GatewayProcess[] = [];
  let receiver: Server;
  let port: number;
  let clientId: string;
  /** The `sid` of every call that came. */
  let heard: string[] = [];
  let answer: (response: ServerResponse) => void;

  const listen = async (): Promise<void> => {
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const [, claims = ''] = (new URLSearchParams(body).get('logout_token') ?? '').split('.');
        heard.push((JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly sid: string }).sid);
        answer(response);
      });
    });
    await once(receiver.listen(port, '127.0.0.1'), 'listening');
    port = (receiver.address() as AddressInfo).port;
  };
  const hangUp = async (): Promise<void> => {
    receiver.closeAllConnections();
    receiver.close();
    await once(receiver, 'close');
  };

  beforeAll(async () => {
    port = 0;
    await listen();
    schema = await makePostgresSchema();
    const sections = {
      routes: testRoutes('http://127.0.0.1:9'),
      oauthProvider: { privateHosts: [`localhost:${port}`] },
      redis: { prefix: `${schema.name}:` },
    };
    const environment = { DATABASE_URL: schema.url, REDIS_URL: redisUrl };
    folders = [
      await createGatewayFolder({ config: sections, environment }),
      await createGatewayFolder({ config: sections, environment }),
    ];
    clientId = await prepare(sections, environment);
  });
  afterAll(async () => {
    for (const folder of folders) folder.remove();
    await schema.drop();
    await hangUp();
  });
  beforeEach(() => {
    heard = [];
    answer = (response) => void response.end();
  });
  afterEach(async () => {
    for (const gateway of running) await gateway.stop();
    running = [];
  });

  /** Makes the account and the client, as the command line does beside gateways that do not run. */
  async function prepare(sections: object, variables: Readonly<Record<string, string>>): Promise<string> {
    const [{ folder, origin } = { folder: '', origin: '' }] = folders;
    const config = parseConfig(
      { publicUrl: origin, policy: folderPolicy, dataDir: join(folder, 'data'), ...sections },
      'test',
    );
    const closing = createClosing();
    const environment = readEnvironment({ ...variables, SALLYPORT_SECRET: testSecret });
    const stores = await openStores({ config, environment, logger: silentLogger, closing });
    const mailer = { send: () => Promise.resolve() };
    const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
    await identity.accounts.createUser({ name: 'Ada', ...account, roles: ['vendor'], emailVerified: true });
    const create = identity.operations.find(({ name }) => name === 'oauth-clients/create');
    const made = await create?.run(
      {
        name: 'Acme',
        authentication: 'client_secret_basic',
        grantTypes: ['authorization_code'],
        redirectUris: ['https://acme.example/callback'],
        scopes: ['openid'],
        backchannelLogoutUri: `http://localhost:${port}/logout`,
      },
      { actor: 'operator:ada', requestId: 'operator', address: 'local' },
    );
    await identity.close();
    await closing.close();
    return (made as { readonly client: { readonly id: string } }).client.id;
  }

  async function start(index: 0 | 1): Promise<GatewayProcess> {
    const started = await folders[index]?.start();
    if (started === undefined) throw new TypeError('there is no such folder');
    running.push(started);
    return started;
  }

  /** Signs in, and notes that the session signed in to the client, as the provider does before it gives out a code. */
  async function signInAtClient({
    origin,
  }: GatewayProcess): Promise<{ readonly cookie: string; readonly sid: string }> {
    const cookie = await signIn(origin, account);
    const answered = await fetch(`${origin}/auth/sessions`, { headers: { cookie } });
    const { sessions } = (await answered.json()) as SessionsAnswer;
    const sid = sessions.find(({ current }) => current)?.sid ?? '';
    await runOnPostgres(
      schema.url,
      `INSERT INTO "sallyportOAuthLogout" ("id", "sid", "subject", "clientId", "clientSid", "state", "attempts", "createdAt", "expiresAt")
       VALUES ('${sid}', '${sid}', 'ada', '${clientId}', '${sid}', 'signed-in', 0, now(), now() + interval '7 days')`,
    );
    return { cookie, sid };
  }
  const signOut = ({ origin }: GatewayProcess, cookie: string): Promise<Response> =>
    fetch(`${origin}/auth/sign-out`, { method: 'POST', headers: { origin, cookie } });
  const until = async (holds: () => boolean, seconds: number): Promise<void> => {
    for (let waited = 0; !holds() && waited < seconds * 1000; waited += 50) await wait(50);
    expect(holds()).toBe(true);
  };
  const countRows = async (): Promise<unknown> =>
    (await runOnPostgres<{ count: string }>(schema.url, 'SELECT count(*) FROM "sallyportOAuthLogout"'))[0]?.count;

  it('reaches the client once for each session, whichever gateway ended it', async () => {
    const gateways = [await start(0), await start(1)];
    const sessions: { readonly cookie: string; readonly sid: string; readonly gateway: GatewayProcess }[] = [];
    for (const gateway of [...gateways, ...gateways, ...gateways, ...gateways])
      sessions.push({ ...(await signInAtClient(gateway)), gateway });
    const statuses = await Promise.all(
      sessions.map(async ({ gateway, cookie }) => (await signOut(gateway, cookie)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([204]));
    await until(() => heard.length >= sessions.length, 20);
    // Both look every two seconds: one that were told twice would be told by now.
    await wait(5_000);
    expect(heard.toSorted()).toEqual(sessions.map(({ sid }) => sid).toSorted());
    expect(await countRows()).toBe('0');
  });

  it('reaches the client from another gateway when the first one is killed while it waits for the answer', async () => {
    const first = await start(0);
    const { cookie, sid } = await signInAtClient(first);
    answer = () => {};
    expect((await signOut(first, cookie)).status).toBe(204);
    await until(() => heard.length === 1, 20);
    first.signal('SIGKILL');
    await first.ended;
    answer = (response) => void response.end();
    await start(1);
    await until(() => heard.length === 2, 60);
    expect(heard).toEqual([sid, sid]);
    await wait(3_000);
    expect([heard.length, await countRows()]).toEqual([2, '0']);
  });

  it('reaches a client that was down when the session ended, from a gateway that was started since', async () => {
    const first = await start(0);
    const { cookie, sid } = await signInAtClient(first);
    await hangUp();
    expect((await signOut(first, cookie)).status).toBe(204);
    await until(() => first.lines.some(({ event }) => event === 'backchannel-logout-failed'), 20);
    await first.stop();
    await listen();
    await start(1);
    await until(() => heard.length === 1, 60);
    expect([heard, await countRows()]).toEqual([[sid], '0']);
  });
});
