import { createInProcessBus } from '@sallyport/stores';
import {
  definePolicy,
  recordModels,
  SallyportError,
  type BusMessage,
  type Policy,
  type Records,
} from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRoleDirectory } from './accounts/role-directory.ts';
import { applyPolicy } from './accounts/apply-policy.ts';
import { readRoleDifferences } from './accounts/policy-state.ts';
import { readRoles, readStoredRoles, writeRoles } from './accounts/stored-roles.ts';
import type { IdentityDatabase } from './database/identity-database.ts';
import { kernelEvents } from './events/kernel-events.ts';
import { createSecurityEventLog } from './events/security-event-log.ts';
import { canRace, onDatabase, startHarness, testPolicy, type Harness } from './identity.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const admin = 'admin@example.test';
const robin = 'robin@example.test';

describe(onDatabase('the roles of a user'), () => {
  it('are changed by an administrator, and count at once', async () => {
    const adminId = await harness.makeUser(admin, ['admin']);
    const id = await harness.makeUser(robin);
    const [{ caller }, signedIn] = [await harness.signIn(admin), await harness.signIn(robin)];
    const answer = await harness.call('PUT', `/auth/users/${id}/roles`, { roles: ['vendor', 'vendor'] }, { caller });
    expect(answer).toMatchObject({ status: 200, body: { user: { id, roles: ['vendor'] } } });
    expect((await harness.identity.directory.byToken(signedIn.token))?.principal).toMatchObject({
      roles: ['vendor'],
      generation: { user: 2 },
    });
    expect(harness.heard).toMatchObject([{ event: { kind: 'user', id, minGeneration: 2, reason: 'roles-changed' } }]);
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({
        type: 'account.roles-changed',
        actor: adminId,
        target: id,
        details: '{"from":["user"],"to":["vendor"]}',
      }),
    );
  });

  it.skipIf(!canRace())('grow the generation once for each of ten changes at once', async () => {
    await harness.makeUser(admin, ['admin']);
    const id = await harness.makeUser(robin);
    const { caller } = await harness.signIn(admin);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        harness.call('PUT', `/auth/users/${id}/roles`, { roles: [index % 2 === 0 ? 'user' : 'vendor'] }, { caller }),
      ),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await harness.identity.accounts.findById(id)).toMatchObject({ generation: 11 });
  });

  it.each([
    { name: 'an anonymous caller', signedInAs: undefined, status: 401, code: 'SP_UNAUTHENTICATED' },
    { name: 'a user, of themselves', signedInAs: robin, status: 403, code: 'SP_FORBIDDEN' },
  ])('are not changed by $name', async ({ signedInAs, status, code }) => {
    const id = await harness.makeUser(robin);
    const options = signedInAs === undefined ? {} : { caller: (await harness.signIn(signedInAs)).caller };
    const answer = await harness.call('PUT', `/auth/users/${id}/roles`, { roles: ['admin'] }, options);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(await harness.identity.accounts.findById(id)).toMatchObject({ roles: ['user'], generation: 1 });
  });

  it('are not changed by an administrator who was one when the gateway looked', async () => {
    const adminId = await harness.makeUser(admin, ['admin']);
    const { caller } = await harness.signIn(admin);
    await harness.makeUser('ada@example.test', ['admin']);
    await harness.identity.accounts.setRoles(adminId, ['user']);
    const answer = await harness.call('PUT', `/auth/users/${adminId}/roles`, { roles: ['admin'] }, { caller });
    expect(answer.status).toBe(403);
  });

  it.each([
    { name: 'an unknown role', body: { roles: ['emperor'] }, status: 422 },
    { name: 'a role that is no name', body: { roles: ['user admin'] }, status: 422 },
    { name: 'a text', body: { roles: 'admin' }, status: 422 },
    { name: 'another field', body: { roles: [], emailVerified: true }, status: 422 },
    { name: 'nothing', body: {}, status: 422 },
  ])('are not replaced by $name', async ({ body, status }) => {
    await harness.makeUser(admin, ['admin']);
    const id = await harness.makeUser(robin);
    const { caller } = await harness.signIn(admin);
    expect((await harness.call('PUT', `/auth/users/${id}/roles`, body, { caller })).status).toBe(status);
    expect(await harness.identity.accounts.findById(id)).toMatchObject({ roles: ['user'] });
  });

  it('are those of a user who exists', async () => {
    await harness.makeUser(admin, ['admin']);
    const { caller } = await harness.signIn(admin);
    const answer = await harness.call('PUT', '/auth/users/unknown/roles', { roles: ['user'] }, { caller });
    expect(answer).toMatchObject({ status: 404, body: { code: 'SP_NOT_FOUND' } });
  });
});

describe(onDatabase('the permissions of a role'), () => {
  it.each([
    {
      name: 'gives a role another permission',
      change: { vendor: ['product:read', 'user:manage'] },
      line: '~ role vendor: +user:manage',
    },
    { name: 'takes a permission from a role', change: { vendor: [] }, line: '~ role vendor: -product:read' },
    { name: 'brings another role', change: { clerk: ['product:read'] }, line: '+ role clerk: +product:read' },
  ])('stop the start when the policy $name, until it is applied', async ({ change, line }) => {
    const { records, transaction } = harness.database;
    const policy = { ...testPolicy, roles: { ...testPolicy.roles, ...change } };
    const bus = createInProcessBus();
    const open = () => openRoleDirectory(harness.database, policy, bus, harness.now);
    await expect(open()).rejects.toMatchObject({
      code: 'SP_OPTIONS_POLICY_DIFFERS',
      message: expect.stringContaining(line) as string,
    });
    const events = createSecurityEventLog(records, kernelEvents);
    expect(await applyPolicy({ policy, records, transaction, bus, events, now: harness.now })).toHaveLength(1);
    const [role = '', permissions = []] = Object.entries(change)[0] ?? [];
    expect(await (await open()).permissionsOf([role])).toEqual({ permissions, generation: 1 });
    expect(await harness.events()).toContainEqual(expect.objectContaining({ type: 'policy.applied' }));
  });

  it('have a generation that grows when a role goes', async () => {
    const { records, transaction } = harness.database;
    const bus = createInProcessBus();
    const events = createSecurityEventLog(records, kernelEvents);
    const apply = (policy: Policy) => applyPolicy({ policy, records, transaction, bus, events, now: harness.now });
    const heard: BusMessage[] = [];
    bus.subscribe((message) => void heard.push(message));
    for (const name of ['clerk', 'cook']) {
      const roles = { [name]: [], ...testPolicy.roles };
      await apply({ ...testPolicy, roles });
      await apply(testPolicy);
    }
    const generations = heard.map((message) => (message.kind === 'gap' ? undefined : message.event.minGeneration));
    expect(generations).toEqual([1, 2, 3, 4]);
  });

  it('have a generation that never goes back, also when the last one goes, and are not those of the file again', async () => {
    const { records, transaction } = harness.database;
    const at = harness.now();
    const before = (await readStoredRoles(records)).generation;
    const write = async (wanted: ReadonlyMap<string, readonly string[]>) =>
      transaction(async () => writeRoles({ records, roles: await readRoles(records), wanted, at }));
    const generations: number[] = [before];
    const steps: readonly (readonly string[] | undefined)[] = [undefined, ['product:read'], undefined, []];
    for (const held of steps) {
      const wanted = new Map(held === undefined ? [] : [['user', held] as const]);
      expect(await write(wanted)).toBe(true);
      generations.push((await readStoredRoles(records)).generation);
    }
    expect(generations).toEqual(generations.toSorted((one, other) => one - other));
    expect(new Set(generations).size).toBe(generations.length);
    await write(new Map());
    const directory = await openRoleDirectory(
      harness.database,
      testPolicy,
      createInProcessBus(),
      harness.now,
      'use-stored',
    );
    expect(await directory.names()).toEqual([]);
    directory.close();
  });

  it('do not depend on the order in which the policy names them', async () => {
    const roles = Object.fromEntries(
      Object.entries(testPolicy.roles)
        .map(([name, held]) => [name, held.toReversed()] as const)
        .toReversed(),
    );
    const reordered = openRoleDirectory(harness.database, { ...testPolicy, roles }, createInProcessBus(), harness.now);
    await expect(reordered).resolves.toBeDefined();
  });

  it('are read again when the bus says that the policy changed', async () => {
    const bus = createInProcessBus();
    const roles = await openRoleDirectory(harness.database, testPolicy, bus, harness.now);
    expect(await roles.permissionsOf(['user', 'ghost'])).toEqual({ permissions: ['product:read'], generation: 0 });
    await harness.database.records.updateMany({
      model: 'sallyportRole',
      where: [{ field: 'name', value: 'user' }],
      update: { permissions: '', generation: 1 },
    });
    await bus.publish({ kind: 'policy', id: 'user', minGeneration: 1, at: harness.now(), reason: 'changed' });
    expect(await roles.permissionsOf(['user'])).toEqual({ permissions: [], generation: 1 });
  });

  it('are read again after half a minute, where no message was heard', async () => {
    const roles = await openRoleDirectory(harness.database, testPolicy, createInProcessBus(), harness.now);
    expect(await roles.permissionsOf(['user'])).toMatchObject({ permissions: ['product:read'] });
    await harness.database.records.updateMany({
      model: 'sallyportRole',
      where: [{ field: 'name', value: 'user' }],
      update: { permissions: '', generation: 1 },
    });
    harness.advance(29);
    expect(await roles.permissionsOf(['user'])).toMatchObject({ permissions: ['product:read'] });
    harness.advance(1);
    expect(await roles.permissionsOf(['user'])).toEqual({ permissions: [], generation: 1 });
  });

  it('do not exist for new users when the policy lacks the role', async () => {
    const policy = definePolicy({ permissions: {}, roles: { member: [] } });
    await expect(startHarness({ policy })).rejects.toThrow('the policy has no role "user"');
  });
});

describe(onDatabase('the first fill of the roles'), () => {
  const other = { ...testPolicy, roles: { clerk: ['product:read'], user: [] } };
  const open = (policy: Policy, database: Pick<IdentityDatabase, 'records' | 'transaction'> = harness.database) =>
    openRoleDirectory(database, policy, createInProcessBus(), harness.now);
  const roleRows = () => harness.database.records.findMany<{ name: string }>({ model: recordModels.role });
  const isStored = async (policy: Policy) =>
    (await readRoleDifferences(harness.database.records, policy))?.length === 0;

  beforeEach(async () => {
    const where = [{ field: 'name', operator: 'in' as const, value: Object.keys(testPolicy.roles) }];
    await harness.database.records.deleteMany({ model: recordModels.role, where });
    const applied = [{ field: 'name', value: 'roles' }];
    await harness.database.records.deleteMany({ model: recordModels.appliedPolicy, where: applied });
  });

  it.skipIf(!canRace())('stores each role once for two starts with one policy', async () => {
    await Promise.all([open(testPolicy), open(testPolicy)]);
    expect((await roleRows()).map(({ name }) => name).toSorted()).toEqual(Object.keys(testPolicy.roles).toSorted());
  });

  it.skipIf(!canRace())('lets exactly one of two starts with different policies go on', async () => {
    const [first, second] = await Promise.allSettled([open(testPolicy), open(other)]);
    const refused = [first, second].filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([
      {
        reason: {
          code: 'SP_OPTIONS_POLICY_DIFFERS',
          message: expect.stringMatching(/role clerk[^]*"sallyport roles apply"/) as string,
        },
      },
    ]);
    expect(await isStored(first.status === 'fulfilled' ? testPolicy : other)).toBe(true);
  });

  it('stores nothing when it breaks off in the middle, and the next start fills the table', async ({ skip }) => {
    const { records, transaction, hasTransactions } = harness.database;
    // Without transactions the start is refused, and "roles apply" completes the table: the test below.
    skip(!hasTransactions, 'this database has no transactions');
    let isBroken = false;
    const create: Records['create'] = (query) => {
      if (isBroken) throw new SallyportError('SP_STORE_UNAVAILABLE');
      isBroken = true;
      return records.create(query);
    };
    await expect(open(testPolicy, { records: { ...records, create }, transaction })).rejects.toMatchObject({
      code: 'SP_STORE_UNAVAILABLE',
    });
    expect(await roleRows()).toEqual([]);
    await open(testPolicy);
    expect(await isStored(testPolicy)).toBe(true);
  });

  it('waits for another start whose transaction takes longer than a lock is waited for', async () => {
    const { records, transaction } = harness.database;
    let refusals = 2;
    const create: Records['create'] = (query) => {
      refusals -= 1;
      if (refusals >= 0)
        throw Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03', severity: 'ERROR' });
      return records.create(query);
    };
    await open(testPolicy, { records: { ...records, create }, transaction });
    expect(await isStored(testPolicy)).toBe(true);
  });

  it('is completed by "roles apply" where an older version was killed in the middle', async () => {
    const { records, transaction } = harness.database;
    const data = { name: 'user', permissions: 'product:read', generation: 0, updatedAt: harness.now() };
    await records.create({ model: recordModels.role, data });
    await expect(open(testPolicy)).rejects.toMatchObject({ code: 'SP_OPTIONS_POLICY_DIFFERS' });
    const [bus, events] = [createInProcessBus(), createSecurityEventLog(records, kernelEvents)];
    await applyPolicy({ policy: testPolicy, records, transaction, bus, events, now: harness.now });
    await open(testPolicy);
    expect(await isStored(testPolicy)).toBe(true);
  });
});

describe(onDatabase('a policy that leaves no account which manages others'), () => {
  const apply = (policy: Policy) => {
    const { records, transaction } = harness.database;
    const [bus, events] = [createInProcessBus(), createSecurityEventLog(records, kernelEvents)];
    return applyPolicy({ policy, records, transaction, bus, events, now: harness.now });
  };
  const withAdmin = (permissions: readonly string[]): Policy => ({
    ...testPolicy,
    roles: { ...testPolicy.roles, admin: permissions },
  });
  const { admin: _gone, ...withoutAdmin } = testPolicy.roles;

  it.each([
    { name: 'takes the permission from the role of the last one', policy: withAdmin(['product:read']) },
    { name: 'has no such role any more', policy: { ...testPolicy, roles: withoutAdmin } },
    {
      name: 'gives the permission to a role that only a banned account has',
      policy: { ...withAdmin([]), roles: { ...testPolicy.roles, admin: [], vendor: ['user:manage'] } },
    },
  ])('is refused when it $name, and nothing is stored', async ({ policy }) => {
    await harness.makeUser('ada@example.test', ['admin']);
    await harness.identity.accounts.setBanned(await harness.makeUser('mia@example.test', ['vendor']), true);
    await expect(apply(policy)).rejects.toMatchObject({ code: 'SP_LAST_MANAGER' });
    expect(await readRoleDifferences(harness.database.records, testPolicy)).toEqual([]);
    expect((await harness.events()).filter(({ type }) => type === 'policy.applied')).toEqual([]);
  });

  it('is stored when none did so before, when another role goes on, and when it declares no such permission', async () => {
    expect(await apply(withAdmin([]))).toHaveLength(1);
    expect(await apply(testPolicy)).toHaveLength(1);
    await harness.makeUser('ada@example.test', ['admin', 'vendor']);
    const moved = { ...withAdmin([]), roles: { ...testPolicy.roles, admin: [], vendor: ['user:manage'] } };
    expect(await apply(moved)).toHaveLength(2);
    const unmanaged = { permissions: { 'product:read': 'Look' }, roles: { user: ['product:read'] } };
    expect((await apply(unmanaged)).length).toBeGreaterThan(0);
  });
});

describe(onDatabase('policies that are applied at the same time'), () => {
  const clerks = { ...testPolicy, roles: { ...testPolicy.roles, clerk: ['product:read'], user: [] } };
  const cooks = { ...testPolicy, roles: { user: ['user:manage'], cook: [] } };
  const apply = (policy: Policy) => {
    const { records, transaction } = harness.database;
    const [bus, events] = [createInProcessBus(), createSecurityEventLog(records, kernelEvents)];
    return applyPolicy({ policy, records, transaction, bus, events, now: harness.now });
  };
  const countEvents = async () => (await harness.events()).filter(({ type }) => type === 'policy.applied').length;

  it.skipIf(!canRace())('are stored and reported once when they are the same', async () => {
    const outcomes = await Promise.all([apply(clerks), apply(clerks), apply(clerks)]);
    expect(outcomes.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, 0, 2]);
    expect(await countEvents()).toBe(1);
  });

  it.skipIf(!canRace())('never mix when they differ', async () => {
    await Promise.all([apply(clerks), apply(cooks)]);
    const { records } = harness.database;
    const left = await Promise.all([readRoleDifferences(records, clerks), readRoleDifferences(records, cooks)]);
    expect(left.filter((differences) => differences?.length === 0)).toHaveLength(1);
    expect(await countEvents()).toBe(2);
  });
});

describe(onDatabase('roles while the bus is not connected'), () => {
  it('the roles are read every time, since no message would say that they changed', async () => {
    let isConnected = true;
    const own = await startHarness({ bus: { ...createInProcessBus(), isConnected: () => isConnected } });
    try {
      await own.makeUser(robin);
      const { token } = await own.signIn(robin);
      const permissions = async () => (await own.identity.directory.byToken(token))?.principal.permissions;
      const setPermissions = (update: string) =>
        own.database.records.updateMany({
          model: 'sallyportRole',
          where: [{ field: 'name', value: 'user' }],
          update: { permissions: update },
        });
      await permissions();
      await setPermissions('');
      expect(await permissions()).toEqual(['product:read']);
      isConnected = false;
      expect(await permissions()).toEqual([]);
      await setPermissions('user:manage');
      expect(await permissions()).toEqual(['user:manage']);
    } finally {
      await own.close();
    }
  });
});
