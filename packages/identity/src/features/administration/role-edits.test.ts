import {
  anonymous,
  definePolicy,
  recordModels,
  SallyportError,
  type Caller,
  type ManagedRole,
  type ManagedRolesAnswer,
} from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyPolicy } from '../../accounts/apply-policy.ts';
import { createAuthority } from '../../accounts/authority.ts';
import { readPolicyState } from '../../accounts/policy-state.ts';
import { createRoleEditor } from '../../accounts/role-editor.ts';
import { createUserTable } from '../../accounts/user-table.ts';
import { kernelEvents } from '../../events/kernel-events.ts';
import { createSecurityEventLog } from '../../events/security-event-log.ts';
import { canRace, isEmbedded, onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { makeService, startManageHarness } from './manage.test-support.ts';

const policy = definePolicy({
  permissions: {
    'product:read': 'Look at products',
    'product:delete': 'Delete products',
    'user:manage': 'Manage accounts',
    'role:read': 'Look at roles',
    'role:manage': 'Change roles',
  },
  roles: {
    user: ['product:read'],
    vendor: ['product:read'],
    clerk: ['product:delete'],
    reader: ['role:read'],
    // Less than an administrator: it may not delete products.
    editor: ['product:read', 'role:manage'],
    admin: ['product:read', 'product:delete', 'user:manage', 'role:read', 'role:manage'],
  },
});
const ada = 'ada@example.test';
const robin = 'robin@example.test';
const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' } as const;

let harness: Harness;
const start = (change: Parameters<typeof startManageHarness>[0] = {}) => startManageHarness({ policy, ...change });
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const editor = () => {
  const { records, transaction } = harness.database;
  const events = createSecurityEventLog(records, kernelEvents);
  const users = createUserTable(records, harness.now);
  const actingAccounts = { find: async () => null };
  const authority = createAuthority({ records, users, actingAccounts, events, now: harness.now });
  const parts = { records, transaction, bus: harness.bus, events, authority, signUpRoles: ['user'], now: harness.now };
  return createRoleEditor({ ...parts, policy });
};
const roleNow = async (name: string) => (await editor().list()).find((role) => role.name === name);
const versionNow = async (name: string) => (await roleNow(name))?.version ?? '';
const put = async (caller: Caller, name: string, permissions: unknown, version: unknown): Promise<Answer> =>
  harness.call('PUT', `/auth/roles/${name}`, { permissions, version }, { caller });
const signInWith = async (role: string, email = ada): Promise<Caller> => {
  await harness.makeUser(email, [role]);
  return (await harness.signIn(email)).caller;
};
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);
const roleOf = ({ body }: Answer): ManagedRole => (body as { readonly role: ManagedRole }).role;

describe(onDatabase('an edited role'), () => {
  it('counts at once for those who have it, in one event, and says who did what', async () => {
    const caller = await signInWith('admin');
    await harness.makeUser(robin, ['vendor']);
    const { token } = await harness.signIn(robin);
    const permissions = async () => (await harness.identity.directory.byToken(token))?.principal.permissions;
    expect(await permissions()).toEqual(['product:read']);

    const answer = await put(caller, 'vendor', ['product:read', 'product:delete'], await versionNow('vendor'));
    expect(answer).toMatchObject({
      status: 200,
      body: { role: { name: 'vendor', permissions: ['product:read', 'product:delete'] } },
    });
    expect(await permissions()).toEqual(['product:read', 'product:delete']);
    expect(harness.heard).toMatchObject([{ event: { kind: 'policy', id: 'vendor', minGeneration: 1 } }]);
    expect(await eventsOf('role.changed')).toMatchObject([
      {
        actor: caller.kind === 'user' ? caller.id : '',
        outcome: 'success',
        details: '{"role":"vendor","change":"changed","given":["product:delete"],"taken":[]}',
      },
    ]);
  });

  it('is made, shown, changed with the version of the answer, and deleted', async () => {
    const caller = await signInWith('admin');
    const made = await put(caller, 'auditor', ['product:read'], null);
    expect(made).toMatchObject({ status: 201, body: { role: { name: 'auditor', permissions: ['product:read'] } } });
    const shown = await harness.call('GET', '/auth/roles/auditor', undefined, { caller });
    expect(shown.body).toEqual(made.body);
    const changed = await put(caller, 'auditor', [], roleOf(made).version);
    expect(changed).toMatchObject({ status: 200, body: { role: { permissions: [] } } });
    const listed = await harness.call('GET', '/auth/roles', undefined, { caller });
    const { source, roles, permissions } = listed.body as ManagedRolesAnswer;
    expect(source).toBe('database');
    expect(permissions).toEqual(policy.permissions);
    expect(roles.map(({ name }) => name)).toEqual(['admin', 'auditor', 'clerk', 'editor', 'reader', 'user', 'vendor']);
    const path = `/auth/roles/auditor?version=${roleOf(changed).version}`;
    expect((await harness.call('DELETE', path, undefined, { caller })).status).toBe(204);
    expect(await roleNow('auditor')).toBeUndefined();
    expect((await harness.call('DELETE', path, undefined, { caller })).status).toBe(404);
    expect((await harness.call('GET', '/auth/roles/auditor', undefined, { caller })).status).toBe(404);
  });

  it('has another version after each change, also when it is made anew', async () => {
    const versions = new Set<string>();
    let generation = 0;
    for (let round = 0; round < 3; round += 1) {
      const { role } = await editor().set(
        { name: 'temporary', permissions: ['product:read'], version: null },
        operator,
      );
      versions.add(role.version);
      await editor().remove('temporary', role.version, operator);
      const heard = harness.heard.at(-1);
      const next = heard?.kind === 'revocation' ? heard.event.minGeneration : 0;
      expect(next).toBeGreaterThan(generation);
      generation = next;
    }
    expect(versions.size).toBe(3);
  });

  it('is told again to every cache when it is stored again as it is, and nothing is reported', async () => {
    const version = await versionNow('vendor');
    const { role } = await editor().set({ name: 'vendor', permissions: ['product:read'], version }, operator);
    expect(role.version).toBe(version);
    expect(harness.heard).toHaveLength(1);
    expect(await eventsOf('role.changed')).toEqual([]);
  });

  it('that can manage others from now on is told to those who can', async () => {
    await harness.makeUser(robin, ['admin']);
    const caller = await signInWith('admin');
    await put(caller, 'vendor', ['product:read', 'user:manage'], await versionNow('vendor'));
    const [mail] = await harness.mailTo(robin, 1);
    expect(mail?.kind).toBe('manager-added');
  });
});

describe(onDatabase('a role is not edited'), () => {
  it.each([
    { name: 'by an anonymous caller', by: async () => anonymous, status: 401, code: 'SP_UNAUTHENTICATED' },
    { name: 'by a user', by: () => signInWith('user'), status: 403, code: 'SP_FORBIDDEN' },
    { name: 'by one who may look at roles', by: () => signInWith('reader'), status: 403, code: 'SP_FORBIDDEN' },
  ])('$name', async ({ by, status, code }) => {
    const answer = await put(await by(), 'vendor', [], await versionNow('vendor'));
    expect(answer).toMatchObject({ status, body: { code } });
    expect(await roleNow('vendor')).toMatchObject({ permissions: ['product:read'] });
    expect(harness.heard).toEqual([]);
  });

  it.each([
    { name: 'the role of the editor, enlarged', role: 'editor', to: ['product:read', 'role:manage', 'role:read'] },
    {
      name: 'the role of the editor, by what the editor holds anyway',
      role: 'editor',
      to: ['role:manage'],
      first: ['role:manage'],
    },
    { name: 'a role that is given more than the editor holds', role: 'vendor', to: ['product:read', 'user:manage'] },
    { name: 'a role that permits more than the editor holds', role: 'admin', to: ['product:read'] },
    { name: 'a role that loses more than the editor holds', role: 'clerk', to: [] },
    { name: 'a role that is made with more than the editor holds', role: 'boss', to: ['product:delete'] },
  ])('beyond the authority of its editor: $name', async ({ role, to, first }) => {
    const caller = await signInWith('editor');
    if (first !== undefined) {
      // Taken from the role meanwhile, while the editor holds it by another one.
      await editor().set({ name: 'editor', permissions: first, version: await versionNow('editor') }, operator);
      await editor().set({ name: 'second', permissions: ['product:read'], version: null }, operator);
      const id = caller.kind === 'user' ? caller.id : '';
      await harness.identity.accounts.setRoles(id, ['editor', 'second']);
    }
    const before = await roleNow(role);
    const wanted = first === undefined ? to : ['product:read', ...to];
    const answer = await put(caller, role, wanted, before?.version ?? null);
    expect(answer).toMatchObject({ status: 403, body: { code: 'SP_AUTHORITY_EXCEEDED' } });
    expect(await roleNow(role)).toEqual(before);
    const [refused] = await eventsOf('access.refused');
    expect(refused).toMatchObject({ actor: caller.kind === 'user' ? caller.id : '' });
    expect(String(refused?.['details'])).toMatch(role === 'editor' ? /own-role/ : /beyond-own-permissions/);
  });

  it('under a name that the editor had before it was deleted', async () => {
    const caller = await signInWith('admin');
    const id = caller.kind === 'user' ? caller.id : '';
    await harness.identity.accounts.setRoles(id, ['admin', 'vendor']);
    await editor().remove('vendor', await versionNow('vendor'), operator);
    const answer = await put(caller, 'vendor', ['product:read'], null);
    expect(answer).toMatchObject({ status: 403, body: { code: 'SP_AUTHORITY_EXCEEDED' } });
  });

  it.each([
    {
      name: 'a permission that the policy does not have',
      body: { permissions: ['product:raed'], version: null },
      field: 'permissions.0',
    },
    {
      name: 'a permission of every object',
      body: { permissions: ['constructor'], version: null },
      field: 'permissions.0',
    },
    { name: 'a text', body: { permissions: 'product:read', version: null }, field: 'permissions' },
    { name: 'no version', body: { permissions: [] }, field: 'version' },
    { name: 'another field', body: { permissions: [], version: null, name: 'x' }, field: 'name' },
  ])('with $name', async ({ body, field }) => {
    const caller = await signInWith('admin');
    const answer = await harness.call('PUT', '/auth/roles/auditor', body, { caller });
    expect(answer).toMatchObject({ status: 422, body: { code: 'SP_VALIDATION_FAILED', errors: [{ field }] } });
    expect(answer.text).not.toContain('raed');
    expect(await roleNow('auditor')).toBeUndefined();
  });

  it.each(['Vendor', 'two%20words', '-x', 'a'.repeat(65)])('under the name %s', async (name) => {
    const caller = await signInWith('admin');
    expect(await put(caller, name, [], null)).toMatchObject({ status: 422, body: { errors: [{ field: 'name' }] } });
  });

  it.each([
    { name: 'a version that was replaced', version: async () => '0-nothing' },
    { name: 'a role that should not be there yet', version: async () => null },
  ])('with $name', async ({ version }) => {
    const caller = await signInWith('admin');
    const answer = await put(caller, 'vendor', [], await version());
    expect(answer).toMatchObject({ status: 409, body: { code: 'SP_CONFLICT', errors: [{ field: 'version' }] } });
    expect(await roleNow('vendor')).toMatchObject({ permissions: ['product:read'] });
  });

  it('when it is gone, with the version that it had', async () => {
    const caller = await signInWith('admin');
    const version = await versionNow('vendor');
    await editor().remove('vendor', version, operator);
    expect(await put(caller, 'vendor', ['product:read'], version)).toMatchObject({ status: 409 });
  });

  it('into one that leaves no account which manages the others, by a change or a deletion', async () => {
    const caller = await signInWith('admin');
    const { permissions = [] } = (await roleNow('admin')) ?? {};
    const without = permissions.filter((name) => name !== 'user:manage');
    const changed = await put(caller, 'admin', without, await versionNow('admin'));
    expect(changed).toMatchObject({ status: 409, body: { code: 'SP_LAST_MANAGER' } });
    const path = `/auth/roles/admin?version=${await versionNow('admin')}`;
    const deleted = await harness.call('DELETE', path, undefined, { caller });
    expect(deleted).toMatchObject({ status: 409, body: { code: 'SP_LAST_MANAGER' } });
    await expect(
      editor().set({ name: 'admin', permissions: without, version: await versionNow('admin') }, operator),
    ).rejects.toMatchObject({ code: 'SP_LAST_MANAGER' });
    expect(await roleNow('admin')).toMatchObject({ permissions });
  });

  it('away from new users, who are given it', async () => {
    const caller = await signInWith('admin');
    const path = `/auth/roles/user?version=${await versionNow('user')}`;
    expect(await harness.call('DELETE', path, undefined, { caller })).toMatchObject({ status: 422 });
  });

  it('after a sign-in that is not recent', async () => {
    const caller = await signInWith('admin');
    harness.advance(11 * 60);
    const answer = await put(caller, 'vendor', [], await versionNow('vendor'));
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_STEP_UP_REQUIRED' } });
  });

  it('where the file has the last word', async () => {
    await harness.close();
    harness = await start({ policy: { ...policy, source: 'file' } });
    const caller = await signInWith('admin');
    const listed = await harness.call('GET', '/auth/roles', undefined, { caller });
    expect(listed.body).toMatchObject({ source: 'file' });
    const answer = await put(caller, 'vendor', [], await versionNow('vendor'));
    expect(answer).toMatchObject({ status: 409, body: { code: 'SP_ROLES_FROM_FILE' } });
  });

  it('by an administrator who lost the permission since the gateway looked', async () => {
    const caller = await signInWith('admin');
    await harness.makeUser(robin, ['admin']);
    const id = caller.kind === 'user' ? caller.id : '';
    await harness.identity.accounts.setRoles(id, ['user']);
    expect((await put(caller, 'vendor', [], await versionNow('vendor'))).status).toBe(403);
  });

  it('when the event cannot be written', async () => {
    const { records, transaction } = harness.database;
    const events = { append: () => Promise.reject(new SallyportError('SP_STORE_UNAVAILABLE')) };
    const authority = { requireRoleEdit: async () => ({ gainsManagement: false }), noteRefusal: async () => {} };
    const parts = { records, transaction, bus: harness.bus, events, authority, signUpRoles: [], now: harness.now };
    const wish = { name: 'vendor', permissions: [], version: await versionNow('vendor') };
    await expect(createRoleEditor({ ...parts, policy }).set(wish, operator)).rejects.toMatchObject({
      code: 'SP_STORE_UNAVAILABLE',
    });
    expect(await roleNow('vendor')).toMatchObject({ permissions: ['product:read'] });
    expect(harness.heard).toEqual([]);
  });
});

describe(onDatabase('a key of a service'), () => {
  const manage = (caller: Caller, method: string, path: string, body?: unknown) =>
    harness.call(method, `/manage/roles${path}`, body, { caller });

  it('edits roles within its scopes', async () => {
    const { caller, id } = await makeService(harness, 'desk', ['admin'], ['product:read', 'role:manage']);
    const version = await versionNow('vendor');
    expect(await manage(caller, 'PUT', '/vendor', { permissions: [], version })).toMatchObject({ status: 200 });
    expect(await eventsOf('role.changed')).toMatchObject([{ actor: id }]);
    const beyond = { permissions: ['product:delete'], version: null };
    expect(await manage(caller, 'PUT', '/boss', beyond)).toMatchObject({
      status: 403,
      body: { code: 'SP_AUTHORITY_EXCEEDED' },
    });
    const own = { permissions: ['product:read', 'role:manage', 'product:read'], version: await versionNow('editor') };
    expect(await manage(caller, 'PUT', '/editor', own)).toMatchObject({ status: 200 });
  });

  it('looks at roles with "role:read" alone, and changes none', async () => {
    const { caller } = await makeService(harness, 'desk', ['admin'], ['role:read']);
    expect((await manage(caller, 'GET', '')).status).toBe(200);
    expect((await manage(caller, 'GET', '/vendor')).status).toBe(200);
    const edit = { permissions: [], version: await versionNow('vendor') };
    expect(await manage(caller, 'PUT', '/vendor', edit)).toMatchObject({ status: 403, body: { code: 'SP_FORBIDDEN' } });
    expect((await manage(caller, 'DELETE', '/vendor?version=1')).status).toBe(403);
  });

  it.each([
    { name: 'a session of an administrator', make: () => signInWith('admin'), status: 403 },
    { name: 'nobody', make: async () => anonymous, status: 401 },
  ])('is no $name', async ({ make, status }) => {
    const caller = await make();
    expect((await manage(caller, 'GET', '')).status).toBe(status);
    expect((await manage(caller, 'PUT', '/vendor', { permissions: [], version: null })).status).toBe(status);
  });
});

describe(onDatabase('edits at the same moment'), () => {
  it.skipIf(!canRace())('of one version are one', async () => {
    const version = await versionNow('vendor');
    const wishes = [[], ['product:delete'], ['product:read', 'product:delete']];
    const outcomes = await Promise.allSettled(
      wishes.map((permissions) => editor().set({ name: 'vendor', permissions, version }, operator)),
    );
    const done = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'SP_CONFLICT' });
    expect(await eventsOf('role.changed')).toHaveLength(1);
    expect(await roleNow('vendor')).toEqual(done[0]?.status === 'fulfilled' ? done[0].value.role : undefined);
  });

  it.skipIf(!canRace())('leave one role that manages, when each takes it from another role', async () => {
    await editor().set({ name: 'boss', permissions: ['user:manage'], version: null }, operator);
    await harness.makeUser(ada, ['admin']);
    await harness.makeUser(robin, ['boss']);
    const [admin, boss] = [await versionNow('admin'), await versionNow('boss')];
    const outcomes = await Promise.allSettled([
      editor().set({ name: 'admin', permissions: [], version: admin }, operator),
      editor().remove('boss', boss, operator),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it.skipIf(!canRace())('with a ban of the last account of the other role leave one that manages', async () => {
    await editor().set({ name: 'boss', permissions: ['user:manage'], version: null }, operator);
    await harness.makeUser(ada, ['admin']);
    const boss = await harness.makeUser(robin, ['boss']);
    const version = await versionNow('admin');
    const outcomes = await Promise.allSettled([
      editor().set({ name: 'admin', permissions: [], version }, operator),
      harness.identity.accounts.setBanned(boss, true),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

describe(onDatabase('the policy file beside edits'), () => {
  const apply = (roles: Readonly<Record<string, readonly string[]>>, how?: 'carry-over' | 'exactly') => {
    const { records, transaction } = harness.database;
    const events = createSecurityEventLog(records, kernelEvents);
    const file = { permissions: policy.permissions, roles };
    return applyPolicy({
      policy: file,
      records,
      transaction,
      bus: harness.bus,
      events,
      now: harness.now,
      ...(how && { how }),
    });
  };
  const edit = async () => {
    await editor().set(
      { name: 'vendor', permissions: ['product:delete'], version: await versionNow('vendor') },
      operator,
    );
    await editor().set({ name: 'auditor', permissions: ['product:read'], version: null }, operator);
  };

  it('does not differ by an edit, which is shown as one', async () => {
    await edit();
    expect(await readPolicyState(harness.database.records, policy)).toEqual({
      differences: [],
      edits: [
        { role: 'auditor', kind: 'added', permissionsAdded: ['product:read'], permissionsRemoved: [] },
        { role: 'vendor', kind: 'changed', permissionsAdded: ['product:delete'], permissionsRemoved: ['product:read'] },
      ],
    });
  });

  it('is carried over to the roles, and no edit is lost', async () => {
    await edit();
    const { clerk: _gone, ...others } = policy.roles;
    await apply({ ...others, vendor: ['product:read', 'role:read'], chef: [] });
    const roles = new Map((await editor().list()).map(({ name, permissions }) => [name, permissions.toSorted()]));
    expect(roles.get('vendor')).toEqual(['product:delete', 'role:read']);
    expect(roles.get('auditor')).toEqual(['product:read']);
    expect(roles.get('chef')).toEqual([]);
    expect(roles.has('clerk')).toBe(false);
  });

  it('makes the roles exactly its own when that is asked for', async () => {
    await edit();
    await apply(policy.roles, 'exactly');
    const state = await readPolicyState(harness.database.records, policy);
    expect(state).toEqual({ differences: [], edits: [] });
    expect(await roleNow('auditor')).toBeUndefined();
  });

  it('differs when it drops a permission that a role was given by an edit', async () => {
    await edit();
    const { 'product:delete': _gone, ...permissions } = policy.permissions;
    const roles = { ...policy.roles, clerk: [], admin: policy.roles.admin.filter((name) => name !== 'product:delete') };
    const state = await readPolicyState(harness.database.records, { permissions, roles });
    expect(state?.differences).toContainEqual({
      role: 'vendor',
      kind: 'changed',
      permissionsAdded: [],
      permissionsRemoved: ['product:delete'],
    });
  });

  it('of a database that an earlier version made is the one that is stored, until the first edit notes it', async () => {
    const { records } = harness.database;
    await records.deleteMany({ model: recordModels.appliedPolicy, where: [{ field: 'name', value: 'roles' }] });
    expect(await readPolicyState(records, policy)).toEqual({ differences: [], edits: [] });
    await edit();
    const state = await readPolicyState(records, policy);
    expect(state?.differences).toEqual([]);
    expect(state?.edits).toHaveLength(2);
  });
});

describe.skipIf(!isEmbedded())('a role that a hundred thousand users have', () => {
  it('is edited with one event on the bus, and with no row of a user', async () => {
    const many = 100_000;
    harness.sqlite.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
      INSERT INTO user (id, name, email, emailVerified, roles, generation, createdAt, updatedAt)
      SELECT 'u' || i, 'U', 'u' || i || '@example.test', 1, 'vendor', 1, '2030-01-01', '2030-01-01' FROM n`);
    const written = () => Number(harness.sqlite.prepare('SELECT total_changes() AS count').get()?.['count']);
    const roleCount = (await editor().list()).length;
    const version = await versionNow('vendor');
    const before = written();
    await editor().set({ name: 'vendor', permissions: ['product:read', 'product:delete'], version }, operator);
    expect(harness.heard).toHaveLength(1);
    // Each role is locked by a write; then the role and the event are written.
    expect(written() - before).toBe(roleCount + 2);
  });
});
