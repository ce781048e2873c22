import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { silentLogger } from '@sallyport/core';
import type { SallyportOptions } from '@sallyport/nestjs';
import type { StrategyOptionsWithoutRequest } from 'passport-jwt';
import {
  type ConfigInput,
  createClosing,
  openIdentity,
  openStores,
  parseConfig,
  readEnvironment,
} from '@sallyport/server';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { createGatewayFolder, testSecret } from '../processes/gateway-folder.ts';
import type { GatewayProcess } from '../processes/gateway-process.ts';
import { signIn } from '../processes/sign-in.ts';
import { startNestService, type NestService } from './nest-service.ts';
import { startPassportService } from './passport-service.ts';

export interface SigningSystemOptions {
  readonly config: Partial<ConfigInput>;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the service with our guard believes. */
  readonly guard: (keysUrl: string) => Partial<SallyportOptions>;
  /** What the service with passport-jwt believes. */
  readonly passport: (keysUrl: string) => StrategyOptionsWithoutRequest;
}

/** A gateway as it is started in production, one service with our guard (`shop`) and one with passport-jwt (`stock`). */
export interface SigningSystem {
  readonly origin: string;
  readonly internalOrigin: string;
  readonly issuer: string;
  readonly keysUrl: string;
  readonly shop: NestService;
  readonly stockOrigin: string;
  /** Of every gateway so far. */
  lines(): readonly Readonly<Record<string, unknown>>[];
  /** Resolves to the cookie of a new session. */
  signIn(): Promise<string>;
  /** Ends the gateway, and starts another on the same stores. */
  restart(environment: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

const email = 'ada@example.test';
const password = 'violet-kettle-marches-north-7';

/** A secret as `openssl rand -base64 32` makes it. */
export function makeTokenSecret(): string {
  return randomBytes(32).toString('base64');
}

export async function startSigningSystem(options: SigningSystemOptions): Promise<SigningSystem> {
  const closing = createClosing();
  try {
    const [internalPort = 0] = await findFreePorts(1);
    const internalOrigin = `http://127.0.0.1:${internalPort}`;
    const keysUrl = `${internalOrigin}/internal/.well-known/jwks.json`;
    // The address of the gateway is known before the services are, and theirs before it starts.
    const folder = await createGatewayFolder({ config: { policy, routes: [routeTo('shop', 'http://127.0.0.1:9')] } });
    closing.push(() => folder.remove());
    const issuer = `${folder.origin}/internal`;
    const shop = await startNestService({ issuer, audience: 'shop', ...options.guard(keysUrl) });
    closing.push(() => shop.close());
    const stock = await startPassportService({ ...options.passport(keysUrl), issuer, audience: 'stock' });
    closing.push(() => stock.close());
    const change = {
      ...options.config,
      internal: { port: internalPort },
      routes: [routeTo('shop', shop.origin), routeTo('stock', stock.origin)],
    };
    folder.write(change);
    await createAccount(join(folder.folder, 'data'), folder.origin, change, options.environment);

    const gateways: GatewayProcess[] = [];
    const start = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
      gateways.push(await folder.start(environment));
    };
    const stop = async (): Promise<void> => {
      gateways.at(-1)?.signal('SIGTERM');
      await gateways.at(-1)?.ended;
    };
    await start(options.environment);
    closing.push(stop);
    return {
      origin: folder.origin,
      internalOrigin,
      issuer,
      keysUrl,
      shop,
      stockOrigin: stock.origin,
      lines: () => gateways.flatMap(({ lines }) => lines),
      signIn: () => signIn(folder.origin, { email, password }),
      restart: async (environment) => {
        await stop();
        await start(environment);
      },
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

function routeTo(name: string, upstream: string) {
  // The shop shows the token that it was sent, as one that leaked would be shown.
  const callers = ['shop'];
  return {
    name,
    prefix: `/api/${name}`,
    upstream,
    stripPrefix: true,
    audience: name,
    callers,
    access: 'signed-in',
  } as const;
}

/** The gateway refuses a policy that differs from the roles with which the account was made. */
const policy = { permissions: {}, roles: { user: [] } };

async function createAccount(
  dataDir: string,
  publicUrl: string,
  change: Partial<ConfigInput> & Pick<ConfigInput, 'routes'>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const config = parseConfig({ publicUrl, policy, dataDir, ...change }, 'test');
  const variables = readEnvironment({ SALLYPORT_SECRET: testSecret, ...environment });
  const closing = createClosing();
  try {
    const stores = await openStores({ config, environment: variables, logger: silentLogger, closing });
    const mailer = { send: () => Promise.resolve() };
    const identity = await openIdentity({ config, stores, mailer, logger: silentLogger });
    closing.push(() => identity.close());
    await identity.accounts.createUser({ name: 'Ada', email, password, roles: ['user'], emailVerified: true });
  } finally {
    await closing.close();
  }
}
