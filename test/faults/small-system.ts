import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { silentLogger } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';
import type { SallyportOptions } from '@sallyport/nestjs';
import { createClosing, openIdentity, openStores, parseConfig, readEnvironment, type Stores } from '@sallyport/server';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import type { GatewayProcess } from '../processes/gateway-process.ts';
import { makePostgresSchema } from '../processes/postgres-schema.ts';
import { signIn } from '../processes/sign-in.ts';
import { startQuickGateway } from './quick-gateway.ts';
import { startNestService, type NestService } from './nest-service.ts';

export interface SmallSystemOptions {
  readonly gateways: 1 | 2;
  /** Names of the services, each behind `/api/<name>`. */
  readonly services: readonly string[];
  /** What each service is told besides issuer, audience and keys. */
  readonly access?: (internalOrigin: string) => Partial<SallyportOptions>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Servers for two gateways. @default those of `npm test` */
  readonly stores?: { readonly databaseUrl: string; readonly redisUrl: string };
}

/** Gateways in processes of their own, and real services in this one. */
export interface SmallSystem {
  readonly gateways: readonly GatewayProcess[];
  service(name: string): NestService;
  /** Makes an account, and resolves to its id. */
  createAccount(email: string, roles?: readonly string[]): Promise<string>;
  /** Resolves to the cookie of a new session. */
  signIn(email: string): Promise<string>;
  /** Work on the stores beside the gateways, as a command line does it. Needs Redis when it writes. */
  withStores<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
  withIdentity<T>(work: (identity: Identity) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const password = 'correct horse battery staple';

/** Whether the servers that two gateways need are there. */
export const hasServers = (env['TEST_POSTGRES_URL'] ?? '') !== '' && (env['TEST_REDIS_URL'] ?? '') !== '';

/**
 * Starts gateways and services: one gateway on what is embedded, two on PostgreSQL and Redis.
 *
 * Services get their keys from one gateway each, in turn.
 */
export async function startSmallSystem(options: SmallSystemOptions): Promise<SmallSystem> {
  const { services, gateways: count } = options;
  const closing = createClosing();
  try {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-faults-'));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const ports = await findFreePorts(2 * count);
    const [port = 0] = ports;
    const internalPorts = ports.slice(count);
    const issuer = `http://localhost:${port}/internal`;

    const running = new Map<string, NestService>();
    for (const [index, audience] of services.entries()) {
      const internalOrigin = `http://127.0.0.1:${internalPorts[index % count]}`;
      const keysUrl = `${internalOrigin}/internal/.well-known/jwks.json`;
      const service = await startNestService({ issuer, audience, keysUrl, ...options.access?.(internalOrigin) });
      closing.push(() => service.close());
      running.set(audience, service);
    }

    const stores = options.stores ?? {
      databaseUrl: env['TEST_POSTGRES_URL'] ?? '',
      redisUrl: env['TEST_REDIS_URL'] ?? '',
    };
    const database = count === 1 ? undefined : await makePostgresSchema(stores.databaseUrl);
    if (database !== undefined) closing.push(() => database.drop());
    const prefix = `test-${randomBytes(9).toString('hex')}:`;
    const configFor = (index: number) => ({
      publicUrl: `http://localhost:${port}`,
      hosts: ports.slice(0, count).map((one) => `localhost:${one}`),
      listen: { host: '127.0.0.1', port: ports[index] },
      internal: { host: '127.0.0.1', port: internalPorts[index] },
      dataDir: folder,
      mail: { from: 'Sallyport <no-reply@localhost>' },
      redis: { prefix },
      log: { access: false },
      tokens: { internalSeconds: 30 },
      passwords: { answerFloorMilliseconds: 100 },
      policy: {
        permissions: { 'product:read': 'List and read products', 'product:create': 'Create products' },
        roles: { user: ['product:read'], vendor: ['product:read', 'product:create'] },
      },
      routes: services.map((name) => ({
        name,
        prefix: `/api/${name}`,
        upstream: running.get(name)?.origin,
        stripPrefix: true,
        audience: name,
        access: 'signed-in',
        permissions: ['product:*'],
      })),
    });
    const environment = {
      SALLYPORT_SECRET: randomBytes(32).toString('base64url'),
      // Nothing listens on the port of discard, and nothing is mailed.
      SMTP_URL: 'smtp://127.0.0.1:9',
      ...(database === undefined ? {} : { DATABASE_URL: database.url, REDIS_URL: stores.redisUrl }),
      ...options.environment,
    };
    const config = parseConfig(configFor(0), 'test');
    const withStores = async <T>(work: (stores: Stores) => Promise<T>, use: 'exclusive' | 'shared' = 'shared') => {
      const opened = createClosing();
      try {
        return await work(
          await openStores({
            config,
            environment: readEnvironment(environment),
            logger: silentLogger,
            closing: opened,
            use,
          }),
        );
      } finally {
        await opened.close();
      }
    };
    const withIdentity = <T>(work: (identity: Identity) => Promise<T>) =>
      withStores(
        async (stores) => {
          const mailer = { send: () => Promise.resolve() };
          const identity = await openIdentity({
            config,
            stores,
            mailer,
            logger: silentLogger,
            onPolicyDifference: 'use-stored',
          });
          try {
            return await work(identity);
          } finally {
            await identity.close();
          }
        },
        // Without Redis before a gateway runs, and then no more.
        count === 1 ? 'exclusive' : 'shared',
      );
    const createAccount = (email: string, roles: readonly string[]) =>
      withIdentity(
        async ({ accounts }) =>
          (await accounts.createUser({ name: 'Ada', email, password, roles, emailVerified: true })).id,
      );
    const firstUser = await createAccount('ada@example.test', ['vendor']);

    const gateways: GatewayProcess[] = [];
    for (let index = 0; index < count; index += 1) {
      const gateway = await startQuickGateway(configFor(index), environment);
      closing.push(() => gateway.stop());
      gateways.push(gateway);
    }
    return {
      gateways,
      service: (name) => {
        const service = running.get(name);
        if (service === undefined) throw new TypeError(`there is no service ${name}`);
        return service;
      },
      createAccount: async (email, roles = ['vendor']) =>
        email === 'ada@example.test' ? firstUser : createAccount(email, roles),
      signIn: (email) => signIn(`http://localhost:${port}`, { email, password }),
      withStores,
      withIdentity,
      close: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
