import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@sallyport/core';
import {
  createClosing,
  openStores,
  parseConfig,
  readEnvironment,
  type ConfigInput,
  type Stores,
} from '@sallyport/server';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createGatewayFolder, folderPolicy, testSecret, type GatewayFolder } from '../processes/gateway-folder.ts';
import type { GatewayProcess } from '../processes/gateway-process.ts';
import { makeAccount, makeClient } from '../processes/make-account.ts';
import { makePostgresSchema, postgresUrl } from '../processes/postgres-schema.ts';

/** Where gateways with tokens keep what they keep, and how many there are. */
export const tokenStores = [
  { name: 'sqlite', gateways: 1, isAvailable: true },
  {
    name: 'postgres + redis ×2',
    gateways: 2,
    isAvailable: postgresUrl !== '' && (process.env['TEST_REDIS_URL'] ?? '') !== '',
  },
] as const;

export type TokenStores = (typeof tokenStores)[number];

/** An account of a system with tokens. */
export const tokenAccount = { email: 'ada@example.com', password: 'violet-kettle-marches-north-7' } as const;

/** What a request was answered; a status of 0 stands for a connection that broke. */
export interface TokenReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Gateways that make and take tokens, in front of one service. */
export interface TokenSystem {
  readonly gateways: readonly GatewayProcess[];
  /** Has the first gateway die at a write, before or after it, the next time that it comes to one. */
  arm(point: string): void;
  disarm(): void;
  /** Starts the first one again, when it has died. */
  restart(): Promise<void>;
  post(gateway: number, path: string, body: object): Promise<TokenReply>;
  /** Sends a form, as clients of OAuth do. */
  postForm(
    gateway: number,
    path: string,
    form: Readonly<Record<string, string>>,
    authorization: string,
  ): Promise<TokenReply>;
  /** Where a browser that is signed in is led from an address. */
  visit(gateway: number, path: string): Promise<URL>;
  /** Signs a browser in: resolves to its cookie. */
  cookie(gateway: number): Promise<string>;
  /** Posts JSON as a page in that browser does. */
  postAs(cookie: string, gateway: number, path: string, body: object): Promise<TokenReply>;
  /** The client of OAuth that is registered. */
  readonly client: RegisteredClient;
  /** The status that the service behind a gateway answers to an access token. */
  call(gateway: number, accessToken: string): Promise<number>;
  /** Rows and sessions, looked at beside the gateways. */
  readonly stores: Stores;
  close(): Promise<void>;
}

/** A client of OAuth, and where its codes are sent. */
export interface RegisteredClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
  /** What its tokens are for. */
  readonly resource: string;
}

/** Starts the gateways. */
export async function startTokenSystem({ name, gateways: count }: TokenStores): Promise<TokenSystem> {
  const isOnServers = name !== 'sqlite';
  const upstream = createServer((_, response) => response.end('served'));
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const schema = isOnServers ? await makePostgresSchema() : undefined;
  const variables: Record<string, string> =
    schema === undefined ? {} : { DATABASE_URL: schema.url, REDIS_URL: process.env['TEST_REDIS_URL'] ?? '' };
  const ports = await findFreePorts(count);
  const config = {
    redis: { prefix: `${schema?.name ?? 'sqlite'}:` },
    hosts: ports.map((port) => `localhost:${port}`),
    firstPartyTokens: {},
    oauthProvider: {},
    guessing: { accountFromNetwork: { maxFailures: 1000, windowSeconds: 60 } },
    routes: [
      {
        name: 'shop',
        prefix: '/api/shop',
        upstream: to,
        audience: 'shop',
        access: 'signed-in',
        credentials: ['session', 'bearer'],
      },
    ],
  } satisfies Partial<ConfigInput>;
  const folder = await createGatewayFolder({ config });
  await makeAccount(folder, variables, tokenAccount);
  const client = await makeClient(folder, variables);
  const failpoint = path.join(folder.folder, 'failpoint');
  const preload = `--import ${fileURLToPath(new URL('failpoint.ts', import.meta.url))}`;
  const start = (index: number): Promise<GatewayProcess> =>
    folder.start({
      ...variables,
      PORT: String(ports[index]),
      ...(count === 1 ? {} : { SALLYPORT_DATA_DIR: path.join(folder.folder, `data-${index}`) }),
      ...(index === 0 ? { NODE_OPTIONS: preload, FAILPOINT_FILE: failpoint } : {}),
    });
  const gateways: GatewayProcess[] = [];
  for (let index = 0; index < count; index++) gateways.push(await start(index));
  const closing = createClosing();
  const stores = await openBeside(folder, config, variables, closing);
  const originOf = (index: number): string => `http://localhost:${ports[index % count]}`;
  const request = async (index: number, at: string, options: RequestInit): Promise<TokenReply> => {
    try {
      const answer = await fetch(originOf(index) + at, options);
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
      return { status: answer.status, body: isJson ? (JSON.parse(text) as TokenReply['body']) : {} };
    } catch {
      return { status: 0, body: {} };
    }
  };
  const signIn = async (index: number): Promise<string> => {
    const signedIn = await fetch(`${originOf(index)}/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(tokenAccount),
    });
    return signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  };
  return {
    gateways,
    stores,
    client,
    arm: (point) => writeFileSync(failpoint, point),
    disarm: () => rmSync(failpoint, { force: true }),
    restart: async () => {
      rmSync(failpoint, { force: true });
      await gateways[0]?.ended;
      gateways[0] = await start(0);
    },
    post: (index, at, body) =>
      request(index, at, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    postForm: (index, at, form, authorization) =>
      request(index, at, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) }),
    cookie: signIn,
    postAs: (cookie, index, at, body) =>
      request(index, at, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie, origin: originOf(0) },
        body: JSON.stringify(body),
      }),
    visit: async (index, at) => {
      const origin = originOf(index);
      const cookie = await signIn(index);
      const answer = await fetch(origin + at, { headers: { cookie }, redirect: 'manual' });
      return new URL(answer.headers.get('location') ?? '', origin);
    },
    call: async (index, accessToken) =>
      (await request(index, '/api/shop/x', { headers: { authorization: `Bearer ${accessToken}` } })).status,
    close: async () => {
      await closing.close();
      folder.remove();
      upstream.closeAllConnections();
      upstream.close();
      await schema?.drop();
    },
  };
}

function openBeside(
  { folder, origin }: GatewayFolder,
  input: Partial<ConfigInput> & Pick<ConfigInput, 'routes'>,
  variables: Readonly<Record<string, string>>,
  closing: ReturnType<typeof createClosing>,
): Promise<Stores> {
  const config = parseConfig(
    { publicUrl: origin, policy: folderPolicy, dataDir: path.join(folder, 'data'), ...input },
    'test',
  );
  const environment = readEnvironment({ ...variables, SALLYPORT_SECRET: testSecret });
  return openStores({ config, environment, logger: silentLogger, closing, use: 'shared' });
}
