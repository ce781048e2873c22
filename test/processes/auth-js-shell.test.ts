import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVisitor, type Visitor } from '../../examples/auth-js-shell/test/http-visitor.test-support.ts';
import {
  startShellProcess,
  type ShellProcess,
} from '../../examples/auth-js-shell/test/shell-processes.test-support.ts';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createGatewayFolder, testSecret, type GatewayFolder } from './gateway-folder.ts';
import { sourcesOf, type GatewayProcess } from './gateway-process.ts';
import { makeAccount } from './make-account.ts';

const run = promisify(execFile);
const account = { email: 'ada@example.test', password: 'a long sentence of Ada’s own' };
const storages = ['vault', 'cookie'] as const;
/** Access tokens of this gateway live for a minute, and a shell refreshes one in its last half. */
const untilStaleMilliseconds = 31_000;
const parallel = 50;

/** Two processes that are one shell. */
interface Shell {
  readonly url: string;
  readonly processes: readonly ShellProcess[];
}

let upstream: Server;
let folder: GatewayFolder;
let gateway: GatewayProcess;
const shells = new Map<(typeof storages)[number], Shell>();

beforeAll(async () => {
  upstream = createServer((request, response) => response.end(String(request.headers.authorization)));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const ports = await findFreePorts(2 * storages.length);
  const shop = {
    name: 'shop',
    prefix: '/api/shop',
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    audience: 'shop',
    access: 'signed-in' as const,
    credentials: ['session' as const, 'bearer' as const],
  };
  const privateHosts = ports.map((port) => `127.0.0.1:${port}`);
  folder = await createGatewayFolder({ config: { routes: [shop], oauthProvider: { accessMinutes: 1, privateHosts } } });
  await makeAccount(folder, {}, account);
  gateway = await folder.start();
  for (const [index, storage] of storages.entries())
    shells.set(storage, await startShell(storage, ports.slice(2 * index, 2 * index + 2)));
}, 120_000);
afterAll(async () => {
  await Promise.all([...shells.values()].flatMap(({ processes }) => processes.map((one) => one.kill())));
  await gateway.stop();
  folder.remove();
  upstream.close();
});

async function startShell(storage: (typeof storages)[number], ports: readonly number[]): Promise<Shell> {
  const url = `http://127.0.0.1:${ports[0]}`;
  const client = await register(storage, url);
  const processes = await Promise.all(
    ports.map((port) =>
      startShellProcess({
        shellUrl: url,
        port,
        issuer: gateway.origin,
        gatewayUrl: gateway.origin,
        storage,
        databaseUrl: `sqlite:${join(folder.folder, `${storage}.db`)}`,
        clientSecret: client.secret,
        environment: { SHELL_CLIENT_ID: client.id },
      }),
    ),
  );
  return { url, processes };
}

async function register(storage: string, shellUrl: string): Promise<{ readonly id: string; readonly secret: string }> {
  const options = {
    name: `Tokens in a ${storage}`,
    trust: 'first-party',
    authentication: 'client_secret_basic',
    grant: ['authorization_code', 'refresh_token'],
    'redirect-uri': `${shellUrl}/api/auth/callback/sallyport`,
    'backchannel-logout-uri': `${shellUrl}/auth/backchannel-logout`,
    scope: ['openid', 'profile', 'email', 'offline_access'],
    resource: folder.origin,
  };
  const given = Object.entries(options).flatMap(([name, value]) => [value].flat().flatMap((one) => [`--${name}`, one]));
  const [program = '', ...parameters] = sourcesOf('packages/cli/src/main.ts');
  const { stdout } = await run(program, [...parameters, 'oauth-clients', 'create', ...given, '--json'], {
    cwd: folder.folder,
    env: {
      PATH: process.env['PATH'],
      SALLYPORT_DATA_DIR: join(folder.folder, 'data'),
      SALLYPORT_SECRET: testSecret,
      SMTP_URL: 'smtp://127.0.0.1:9',
    },
  });
  const { client, secret } = JSON.parse(stdout) as { client: { id: string }; secret: string };
  return { id: client.id, secret };
}

async function signIn(shell: Shell): Promise<Visitor> {
  const visitor = createVisitor(shell.url);
  const signedIn = await visitor.call(`${folder.origin}/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin: folder.origin, 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  expect(signedIn.status).toBe(200);
  const { url } = await visitor.visit(`${shell.url}/auth/sign-in?returnTo=/api/shop/x`);
  expect(url).toBe(`${shell.url}/api/shop/x`);
  return visitor;
}

const tokenRequests = (): number => gateway.lines.filter(({ route }) => route === 'oauth-token').length;

describe('two processes of a next-auth shell on the provider of a gateway', () => {
  it('refresh without a sign-out when 50 requests at each come at the end of a token', async () => {
    const visitors = new Map<Shell, Visitor>();
    for (const shell of shells.values()) visitors.set(shell, await signIn(shell));
    await pause(untilStaleMilliseconds);

    for (const [storage, shell] of shells) {
      const visitor = visitors.get(shell) ?? createVisitor(shell.url);
      const before = tokenRequests();
      const headers = { cookie: visitor.cookies(shell.url), 'sec-fetch-site': 'same-origin' };
      const answers = await Promise.all(
        shell.processes.flatMap(({ address }) =>
          Array.from({ length: parallel }, () => fetch(`${address}/api/shop/x`, { headers })),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      // With the vault one of the two asks; with cookies both do, and the provider answers the same twice.
      expect(tokenRequests() - before).toBe(storage === 'vault' ? 1 : 2);
      for (const line of answers.flatMap((answer) => answer.headers.getSetCookie())) visitor.setCookie(shell.url, line);
      const session = await visitor.call(`${shell.url}/auth/session`);
      expect(await session.json()).toMatchObject({ status: 'signed-in', user: { email: account.email } });
    }
  }, 120_000);

  it('end with a sign-out at the gateway, whichever process is told', async () => {
    for (const shell of shells.values()) {
      const visitor = await signIn(shell);
      const headers = { origin: folder.origin, 'content-type': 'application/json' };
      await visitor.call(`${folder.origin}/auth/sign-out`, { method: 'POST', headers, body: '{}' });
      const cookie = visitor.cookies(shell.url);
      for (const { address } of shell.processes)
        await expect
          .poll(
            async (): Promise<unknown> => (await fetch(`${address}/auth/session`, { headers: { cookie } })).json(),
            { timeout: 10_000 },
          )
          .toEqual({ status: 'signed-out' });
    }
  }, 60_000);
});
