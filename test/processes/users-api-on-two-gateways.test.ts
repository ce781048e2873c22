import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { definePolicy, silentLogger } from '@sallyport/core';
import { SallyportUsers, SallyportUsersModule, UsersError } from '@sallyport/nestjs';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset, testAccounts, testPolicy, testRoutes } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { makePostgresSchema, postgresUrl, type PostgresSchema } from './postgres-schema.ts';
import { signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const rounds = 5;
const password = 'violet-harbor-lantern-42';
const policy = definePolicy({
  permissions: { ...testPolicy.permissions, 'user:read': 'Look at accounts' },
  roles: { ...testPolicy.roles, desk: ['product:read', 'user:read', 'user:manage'] },
});

/**
 * What a Nest service does with users through its client, at one gateway on the embedded stores, and at two on PostgreSQL
 * and Redis, which it asks at the same moment.
 */
describe.each([
  { name: 'one gateway [sqlite]', count: 1, isAvailable: true },
  { name: 'two gateways [postgres + redis]', count: 2, isAvailable: postgresUrl !== '' && redisUrl !== '' },
])('users that a service manages at $name', ({ count, isAvailable }) => {
  let schema: PostgresSchema | undefined;
  const gateways: Gateway[] = [];
  const services: INestApplicationContext[] = [];
  let folder: string;
  let made = 0;

  beforeAll(async () => {
    if (!isAvailable) return;
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-users-'));
    if (count > 1) schema = await makePostgresSchema();
    for (let index = 0; index < count; index += 1) gateways.push(await start(index));
    await operate('service-accounts/create', { name: 'desk', roles: ['desk'] });
    await operate('service-accounts/create', { name: 'office', roles: ['admin', 'desk'] });
    for (const gateway of gateways) {
      const apiKey = await makeKey('office', ['product:read', 'user:read', 'user:manage', ...adminScopes]);
      const module = SallyportUsersModule.forRoot({ url: originOf(gateway), apiKey, timeoutMilliseconds: 30_000 });
      services.push(await NestFactory.createApplicationContext(module, { logger: false }));
    }
  });
  afterAll(async () => {
    for (const service of services) await service.close();
    for (const gateway of gateways) await gateway.close();
    await schema?.drop();
    if (isAvailable) rmSync(folder, { recursive: true, force: true });
  });

  const adminScopes = testPolicy.roles.admin.filter((name) => name !== 'user:manage' && name !== 'product:read');

  async function start(index: number): Promise<Gateway> {
    const [port = 0] = await findFreePorts(1);
    const environment = readEnvironment({
      PORT: String(port),
      SALLYPORT_DATA_DIR: path.join(folder, String(index)),
      SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
      ...(schema === undefined ? {} : { DATABASE_URL: schema.url, REDIS_URL: redisUrl }),
    });
    const preset = createTestPreset();
    const config = parseConfig(
      {
        ...preset.configure(environment),
        policy,
        routes: testRoutes('http://127.0.0.1:9'),
        apiKeys: {},
        administration: { usersApi: { requests: [] } },
        ...(schema === undefined ? {} : { redis: { prefix: `${schema.name}:` } }),
      },
      'test',
    );
    return startGateway({ config, preset, environment, logger: silentLogger });
  }

  const originOf = (gateway: Gateway | undefined): string => `http://localhost:${gateway?.port ?? 0}`;
  const operate = (name: string, input: object): Promise<unknown> => {
    const [gateway] = gateways;
    if (gateway === undefined) throw new TypeError('no gateway was started');
    return gateway.control.operate(name, input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
  };
  const makeKey = async (name: string, scopes: readonly string[]): Promise<string> => {
    const account = (await operate('service-accounts/find', { name })) as { readonly id: string };
    const owner = { kind: 'service', id: account.id };
    const key = await operate('api-keys/create', { owner, name: 'Main', scopes: [...scopes] });
    return (key as { readonly secret: string }).secret;
  };

  const usersAt = (index: number): SallyportUsers => {
    const service = services[index % services.length];
    if (service === undefined) throw new TypeError('no service was started');
    return service.get(SallyportUsers);
  };
  const newEmail = (): string => `robin-${(made += 1)}@example.test`;
  /** The same at the same moment, at one gateway and the other. */
  const twice = <Done>(work: (users: SallyportUsers, index: number) => Promise<Done>) =>
    Promise.allSettled([work(usersAt(0), 0), work(usersAt(1), 1)]);
  const kindsOf = (outcomes: readonly PromiseSettledResult<unknown>[]): readonly string[] =>
    outcomes
      .map((outcome) =>
        outcome.status === 'fulfilled'
          ? 'done'
          : outcome.reason instanceof UsersError
            ? (outcome.reason.code ?? outcome.reason.kind)
            : 'failed',
      )
      .toSorted();

  it.skipIf(!isAvailable)('are made, found, listed, banned, let in again and deleted', async () => {
    const users = usersAt(0);
    const email = newEmail();
    const robin = await users.create({ email, name: 'Robin', password, roles: ['user'], emailVerified: true });
    expect(robin).toMatchObject({ email, status: 'active', roles: ['user'], ban: null });
    expect(await usersAt(1).findById(robin.id)).toEqual(robin);
    expect(await users.findByEmail(email.toUpperCase())).toEqual(robin);
    const found: string[] = [];
    for await (const user of users.list({ role: 'user', status: 'active' })) found.push(user.id);
    expect(found).toContain(robin.id);
    const sessions = await Promise.all(
      gateways.map(async (gateway) => ({ gateway, cookie: await signIn(originOf(gateway), { email, password }) })),
    );
    const statuses = () =>
      Promise.all(
        sessions.map(async ({ gateway, cookie }) => {
          const answer = await fetch(`${originOf(gateway)}/auth/sessions`, { headers: { cookie } });
          await answer.body?.cancel();
          return answer.status;
        }),
      );
    expect(new Set(await statuses())).toEqual(new Set([200]));
    expect(await users.ban(robin.id, { reason: 'Spam' })).toMatchObject({ status: 'banned', ban: { reason: 'Spam' } });
    expect(new Set(await statuses())).toEqual(new Set([401]));
    expect(await users.unban(robin.id)).toMatchObject({ status: 'active' });
    expect(await users.setRoles(robin.id, ['vendor'])).toMatchObject({ roles: ['vendor'] });
    expect(await users.delete(robin.id)).toBe(true);
    expect(await usersAt(1).findById(robin.id)).toBeNull();
    expect(await usersAt(1).delete(robin.id)).toBe(false);
  });

  it.skipIf(!isAvailable)('are one account of two that are made at the same moment', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const email = newEmail();
      const outcomes = await twice((users) => users.create({ email, name: 'Robin', invite: false }));
      expect(kindsOf(outcomes)).toEqual(['SP_CONFLICT', 'done']);
    }
  });

  it.skipIf(!isAvailable)('have the roles of one of two changes at the same moment, whole', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const { id } = await usersAt(0).create({ email: newEmail(), name: 'Robin', invite: false });
      const outcomes = await twice((users, index) => users.setRoles(id, index === 0 ? ['user', 'vendor'] : []));
      expect(kindsOf(outcomes)).toEqual(['done', 'done']);
      expect([['user', 'vendor'], []]).toContainEqual((await usersAt(0).findById(id))?.roles);
    }
  });

  it.skipIf(!isAvailable)('are deleted once, and banned or not, and never half', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const { id } = await usersAt(0).create({ email: newEmail(), name: 'Robin', invite: false });
      const outcomes = await twice<unknown>((users, index) => (index === 0 ? users.delete(id) : users.ban(id)));
      expect(kindsOf(outcomes)).not.toContain('failed');
      expect(await usersAt(1).findById(id)).toBeNull();
      expect(await usersAt(0).findById(id)).toBeNull();
    }
  });

  it.skipIf(!isAvailable)('are never without an account that manages others', async () => {
    const admin = testAccounts.find(({ role }) => role === 'admin');
    const first = await usersAt(0).findByEmail(admin?.email ?? '');
    let last = first?.id ?? '';
    const ways: readonly ((users: SallyportUsers, id: string) => Promise<unknown>)[] = [
      (users, id) => users.ban(id),
      (users, id) => users.delete(id),
      (users, id) => users.setRoles(id, []),
    ];
    for (const [one, other] of ways.flatMap((way) => ways.map((with_) => [way, with_] as const))) {
      const added = await usersAt(0).create({
        email: newEmail(),
        name: 'Mia',
        password,
        roles: ['admin'],
        emailVerified: true,
      });
      const outcomes = await twice((users, index) => (index === 0 ? one(users, last) : other(users, added.id)));
      expect(kindsOf(outcomes)).toEqual(['SP_LAST_MANAGER', 'done']);
      last = outcomes[0]?.status === 'rejected' ? last : added.id;
      expect(await usersAt(0).findById(last)).toMatchObject({ status: 'active', roles: ['admin'] });
    }
  });

  it.skipIf(!isAvailable)('are not given more than the key of a service holds, at either gateway', async () => {
    const apiKey = await makeKey('desk', ['product:read', 'user:read', 'user:manage']);
    const { id } = await usersAt(0).create({ email: newEmail(), name: 'Robin', invite: false });
    for (const gateway of gateways) {
      const desk = new SallyportUsers({ url: originOf(gateway), apiKey });
      await expect(desk.setRoles(id, ['vendor'])).rejects.toMatchObject({ code: 'SP_AUTHORITY_EXCEEDED' });
      await expect(desk.create({ email: newEmail(), name: 'Mallory', roles: ['admin'] })).rejects.toMatchObject({
        kind: 'forbidden',
      });
      expect(await desk.setRoles(id, ['user'])).toMatchObject({ roles: ['user'] });
    }
  });

  it.skipIf(!isAvailable)('are closed to a service that is disabled, at every gateway at once', async () => {
    const account = (await operate('service-accounts/find', { name: 'desk' })) as { readonly id: string };
    const apiKey = await makeKey('desk', ['user:read']);
    const clients = gateways.map((gateway) => new SallyportUsers({ url: originOf(gateway), apiKey }));
    for (const client of clients) expect((await client.page({ limit: 1 })).users).toHaveLength(1);
    await operate('service-accounts/set-disabled', { id: account.id, isDisabled: true });
    for (const client of clients) await expect(client.page()).rejects.toMatchObject({ kind: 'unauthenticated' });
    await operate('service-accounts/set-disabled', { id: account.id, isDisabled: false });
  });
});
