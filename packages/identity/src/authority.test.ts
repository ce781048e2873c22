import { definePolicy, type Caller } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

/** A manager may manage accounts, and may less than an administrator otherwise. */
const policy = definePolicy({
  permissions: { 'product:read': 'Look', 'product:delete': 'Delete', 'user:manage': 'Manage accounts' },
  roles: {
    user: ['product:read'],
    clerk: ['product:read', 'product:delete'],
    manager: ['product:read', 'user:manage'],
    admin: ['product:read', 'product:delete', 'user:manage'],
  },
});

const ada = 'ada@example.test';
const mia = 'mia@example.test';
const robin = 'robin@example.test';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ policy });
});
afterEach(() => harness.close());

const setRoles = (caller: Caller, id: string, roles: readonly string[]) =>
  harness.call('PUT', `/auth/users/${id}/roles`, { roles }, { caller });
const rolesOf = async (id: string) => (await harness.identity.accounts.findById(id))?.roles;
const signedIn = async (email: string, roles: readonly string[]) => {
  const id = await harness.makeUser(email, roles);
  return { id, caller: (await harness.signIn(email)).caller };
};

describe(onDatabase('authority over the authority of others'), () => {
  it('needs a recent sign-in, in every request that changes what others may do', async () => {
    const admin = await signedIn(ada, ['admin']);
    const id = await harness.makeUser(robin);
    harness.advance(601);
    const changes = [
      { method: 'PUT', path: `/auth/users/${id}/roles`, body: { roles: ['clerk'] } },
      { method: 'DELETE', path: `/auth/users/${id}/second-factor`, body: undefined },
    ];
    const served = harness.identity.app.routes.filter(
      ({ method, path }) => path.startsWith('/auth/users/') && !['ALL', 'GET'].includes(method),
    );
    expect(changes.map(({ method, path }) => `${method} ${path.replace(id, ':id')}`).sort()).toEqual(
      served.map(({ method, path }) => `${method} ${path}`).sort(),
    );
    for (const { method, path, body } of changes)
      expect(await harness.call(method, path, body, { caller: admin.caller })).toMatchObject({
        status: 401,
        body: { code: 'SP_STEP_UP_REQUIRED', stepUp: { maxAgeSeconds: 600 } },
      });
    expect(await rolesOf(id)).toEqual(['user']);
  });

  it.each([
    { name: 'a role that holds more', from: ['user'], to: ['user', 'admin'] },
    { name: 'one more permission', from: ['user'], to: ['clerk'] },
    { name: 'fewer permissions, of those that the manager does not hold', from: ['admin'], to: ['user'] },
  ])('gives no account $name than the manager', async ({ from, to }) => {
    await harness.makeUser(ada, ['admin']);
    const manager = await signedIn(mia, ['manager']);
    const id = await harness.makeUser(robin, from);
    expect(await setRoles(manager.caller, id, to)).toMatchObject({
      status: 403,
      body: { code: 'SP_AUTHORITY_EXCEEDED' },
    });
    expect(await rolesOf(id)).toEqual(from);
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({
        type: 'access.refused',
        actor: manager.id,
        target: id,
        details: '{"reason":"beyond-own-permissions","code":"SP_AUTHORITY_EXCEEDED"}',
      }),
    );
  });

  it('gives nothing to oneself, not even what one holds already', async () => {
    const admin = await signedIn(ada, ['admin']);
    for (const roles of [
      ['admin', 'user'],
      ['admin', 'clerk', 'manager'],
    ])
      expect(await setRoles(admin.caller, admin.id, roles)).toMatchObject({
        status: 403,
        body: { code: 'SP_AUTHORITY_EXCEEDED' },
      });
    expect(await rolesOf(admin.id)).toEqual(['admin']);
  });

  it('removes no second factor of an account that may do more', async () => {
    const manager = await signedIn(mia, ['manager']);
    const id = await harness.makeUser(ada, ['admin']);
    const answer = await harness.call('DELETE', `/auth/users/${id}/second-factor`, undefined, {
      caller: manager.caller,
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SP_AUTHORITY_EXCEEDED' } });
  });

  it('is given to as many as they like by those who hold it, and taken again', async () => {
    const admin = await signedIn(ada, ['admin']);
    const id = await harness.makeUser(robin);
    for (const roles of [['manager'], ['admin', 'clerk'], ['user'], []])
      expect(await setRoles(admin.caller, id, roles)).toMatchObject({ status: 200, body: { user: { roles } } });
  });
});

describe(onDatabase('the last account that manages others'), () => {
  const lastManager = { status: 409, body: { code: 'SP_LAST_MANAGER' } };

  it.each([
    { name: 'no other account can', others: [] },
    { name: 'the other one is banned', others: [{ email: mia, roles: ['admin'], isBanned: true }] },
    { name: 'others hold no such role', others: [{ email: mia, roles: ['clerk'], isBanned: false }] },
  ])('stays one while $name, at the API and at the command line', async ({ others }) => {
    const admin = await signedIn(ada, ['admin']);
    for (const { email, roles, isBanned } of others)
      await harness.identity.accounts.setBanned(await harness.makeUser(email, roles), isBanned);
    expect(await setRoles(admin.caller, admin.id, [])).toMatchObject(lastManager);
    await expect(harness.identity.accounts.setRoles(admin.id, ['user'])).rejects.toMatchObject({
      code: 'SP_LAST_MANAGER',
    });
    expect(await rolesOf(admin.id)).toEqual(['admin']);
    expect(await setRoles(admin.caller, admin.id, [])).toMatchObject(lastManager);
  });

  it('is not banned and not deleted at the command line either, until another one can', async () => {
    const { id } = await signedIn(ada, ['admin']);
    const { accounts } = harness.identity;
    const refused = { code: 'SP_LAST_MANAGER' };
    await expect(accounts.setBanned(id, true)).rejects.toMatchObject(refused);
    await expect(accounts.deleteUser(id)).rejects.toMatchObject(refused);
    expect(await accounts.findById(id)).toMatchObject({ isBanned: false, roles: ['admin'] });
    await harness.makeUser(mia, ['manager']);
    await accounts.setBanned(id, true);
    // A banned one is none of those who can, and may go.
    await accounts.deleteUser(id);
    expect(await accounts.findById(id)).toBeNull();
  });

  it('counts again when its ban is over', async () => {
    const { id } = await signedIn(ada, ['admin']);
    const other = await harness.makeUser(mia, ['admin']);
    const { accounts } = harness.identity;
    await accounts.setBanned(id, { until: new Date(harness.now().getTime() + 60_000) });
    await expect(accounts.deleteUser(other)).rejects.toMatchObject({ code: 'SP_LAST_MANAGER' });
    harness.advance(61);
    await accounts.deleteUser(other);
    await expect(accounts.setBanned(id, true)).rejects.toMatchObject({ code: 'SP_LAST_MANAGER' });
  });

  it.skipIf(!canRace())('stays when operators ban one and delete the other of two at the same moment', async () => {
    const { accounts } = harness.identity;
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [
        await harness.makeUser(`one-${round}@example.test`, ['admin']),
        await harness.makeUser(`other-${round}@example.test`, ['manager']),
      ];
      const changes = [() => accounts.setBanned(one, true), () => accounts.deleteUser(other)];
      const outcomes = await Promise.allSettled(changes.map((change) => change()));
      expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
        { reason: { code: 'SP_LAST_MANAGER' } },
      ]);
      const where = [{ field: 'emailVerified', value: true }];
      await harness.database.records.updateMany({ model: 'user', where, update: { roles: '' } });
    }
  });

  it('is no longer the last when a role of another name holds the permission too', async () => {
    const admin = await signedIn(ada, ['admin']);
    await harness.makeUser(mia, ['manager']);
    expect(await setRoles(admin.caller, admin.id, ['user'])).toMatchObject({ status: 403 });
    expect(await setRoles(admin.caller, admin.id, [])).toMatchObject({ status: 200 });
  });

  it.skipIf(!canRace())(
    'stays when two who are the only ones take it from each other, or from themselves',
    async () => {
      for (let round = 0; round < 5; round += 1) {
        const two = [
          await signedIn(`one-${round}@example.test`, ['admin']),
          await signedIn(`other-${round}@example.test`, ['admin']),
        ] as const;
        const victims = round % 2 === 0 ? [two[1], two[0]] : two;
        const answers = await Promise.all(
          two.map(({ caller }, index) => setRoles(caller, victims[index]?.id ?? '', [])),
        );
        const left = await Promise.all(two.map(({ id }) => rolesOf(id)));
        expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
        expect(left.flat()).toEqual(['admin']);
        // The survivor makes room for the next round as the operator would.
        const [survivor] = two.filter((_, index) => left[index]?.length === 1);
        await harness.database.records.updateMany({
          model: 'user',
          where: [{ field: 'id', value: survivor?.id ?? '' }],
          update: { roles: '' },
        });
      }
    },
  );
});

describe(onDatabase('mail about authority'), () => {
  it('goes to the account whose roles changed, and names them and who did it', async () => {
    const admin = await signedIn(ada, ['admin']);
    const id = await harness.makeUser(robin);
    await setRoles(admin.caller, id, ['clerk']);
    expect(await harness.mailTo(robin, 1)).toMatchObject([{ kind: 'roles-changed' }]);
    expect(await harness.mailTo(ada, 0)).toEqual([]);
  });

  it('goes to all who manage accounts when another one can, by whatever way', async () => {
    const admin = await signedIn(ada, ['admin']);
    const id = await harness.makeUser(robin);
    await setRoles(admin.caller, id, ['manager']);
    expect(await harness.mailTo(ada, 1)).toMatchObject([{ kind: 'manager-added' }]);
    expect(await harness.mailTo(robin, 1)).toMatchObject([{ kind: 'roles-changed' }]);
    await harness.makeUser(mia, ['admin']);
    expect(await harness.mailTo(ada, 2)).toHaveLength(2);
    const imported = { email: 'kim@example.test', name: 'Kim', roles: ['manager'], emailVerified: true };
    expect(await harness.identity.accounts.importUsers([imported])).toBe(1);
    expect(await harness.mailTo(ada, 3)).toHaveLength(3);
    expect(await harness.mailTo(imported.email, 0)).toMatchObject([{ kind: 'manager-added' }]);
  });

  it('is preceded by an event that names the operator, for what the command line does', async () => {
    const id = await harness.makeUser(robin);
    await harness.identity.accounts.setRoles(id, ['clerk']);
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({ type: 'account.roles-changed', actor: 'operator', target: id }),
    );
  });
});
