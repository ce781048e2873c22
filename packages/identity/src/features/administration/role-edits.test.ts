import { anonymous, SallyportError, type Caller, type ManagedRole, type ManagedRolesAnswer } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRoleEditor } from '../../accounts/role-editor.ts';
import { onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { makeService } from './manage.test-support.ts';
import {
  ada,
  editorOf,
  operator,
  robin,
  roleNow as roleIn,
  rolePolicy as policy,
  startRoleHarness as start,
} from './role-edits.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await start();
});
afterEach(() => harness.close());

const editor = () => editorOf(harness);
const roleNow = async (name: string) => roleIn(harness, name);
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

describe(onDatabase('an operator'), () => {
  it.each(['', 'Two Words', 'boss!', 'a\nb', '-x', 'b'.repeat(65)])('makes no role with the name %j', async (name) => {
    const operation = harness.identity.operations.find((one) => one.name === 'roles/set');
    const set = async () => operation?.run({ name, permissions: [], version: null }, operator);
    await expect(set()).rejects.toMatchObject({ code: 'SP_VALIDATION_FAILED' });
    expect(await roleNow(name)).toBeUndefined();
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
