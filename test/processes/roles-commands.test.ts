import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkplace, freePort, goodPassword, type Workplace } from 'sallyport/test-support';
import { beforeEach, describe, expect, it } from 'vitest';
import { startBeside, writeConfig } from './command-workplace.ts';

const difference = [
  { role: 'admin', kind: 'changed', permissionsAdded: ['user:manage'], permissionsRemoved: [] },
  { role: 'clerk', kind: 'added', permissionsAdded: ['user:manage'], permissionsRemoved: [] },
  { role: 'vendor', kind: 'removed', permissionsAdded: [], permissionsRemoved: [] },
];
const describedDifference = [
  '~ role admin: +user:manage',
  '+ role clerk: +user:manage',
  '- role vendor: no permissions',
];

let place: Workplace;
beforeEach(async () => {
  place = createWorkplace();
  writeConfig(place, await freePort(), 'sallyport:');
  // Stores the roles, as a first start does.
  await place.run(['users', 'create-admin', '--email', 'ada@example.test', '--password-stdin'], `${goodPassword}\n`);
});

function changePolicy(): void {
  const file = join(place.folder, 'sallyport.config.ts');
  const policy = {
    permissions: { 'user:manage': 'Change the roles of people' },
    roles: { user: [], admin: ['user:manage'], clerk: ['user:manage'] },
  };
  const before = readFileSync(file, 'utf8');
  // A process reads a module once: the changed configuration is another file.
  const changed = before.replace(/"policy":\{.*?\}\}/, `"policy":${JSON.stringify(policy)}`);
  writeFileSync(join(place.folder, 'changed.config.ts'), changed);
  place.environment['SALLYPORT_CONFIG'] = 'changed.config.ts';
}

describe('a policy that differs from the stored roles', () => {
  it('is shown by "roles diff" and by the doctor, role by role', async () => {
    expect(await place.run(['roles', 'diff'])).toMatchObject({ code: 0 });
    expect((await place.run(['doctor', '--json'])).output).not.toContain('"check":"roles"');
    changePolicy();
    const { code, output } = await place.run(['roles', 'diff']);
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual(describedDifference);
    const doctor = await place.run(['doctor', '--json']);
    expect(doctor.code).toBe(1);
    expect((doctor.json() as { findings: unknown[] }).findings).toContainEqual({
      check: 'roles',
      state: 'bad',
      finding: expect.stringContaining(describedDifference.join('; ')) as string,
      fix: expect.stringMatching(/put the policy back.*"sallyport roles apply"/) as string,
    });
  });

  it('stops the start with the difference and both ways out, until "roles apply" has stored it', async () => {
    changePolicy();
    const start = startBeside(place);
    await expect(start).rejects.toThrow(describedDifference.map((line) => `  ${line}`).join('\n'));
    await expect(start).rejects.toThrow(/put the policy back.*"sallyport roles apply"/);
    const applied = await place.run(['roles', 'apply', '--json']);
    expect(applied).toMatchObject({ code: 0, errors: '' });
    expect(applied.json()).toEqual({ differences: difference });
    expect((await place.run(['roles', 'apply', '--json'])).json()).toEqual({ differences: [] });
    const gateway = await startBeside(place);
    try {
      // The gateway does it.
      const beside = await place.run(['roles', 'apply', '--json']);
      expect(beside).toMatchObject({ code: 0, errors: '' });
      expect(beside.json()).toEqual({ differences: [] });
    } finally {
      await gateway.stop();
    }
  }, 120_000);

  it('does not stop a command, which works with the stored roles', async () => {
    changePolicy();
    const setTo = async (role: string) => (await place.run(['users', 'set-roles', 'ada@example.test', role])).code;
    expect(await setTo('vendor')).toBe(0);
    expect(await setTo('clerk')).toBe(1);
  });
});

describe('a role that an operator edits', () => {
  const permissions = { 'product:read': 'Look', 'product:delete': 'Delete', 'user:manage': 'Manage' };
  const roles = { user: [], vendor: ['product:read'], admin: ['user:manage'] };
  const shown = async (role: string) => {
    const { roles: listed } = (await place.run(['roles', 'show', '--role', role, '--json'])).json() as {
      readonly roles: readonly { readonly permissions: readonly string[]; readonly version: string }[];
    };
    return listed[0];
  };
  const policyOf = async (policy: object): Promise<void> => {
    place = createWorkplace();
    writeConfig(place, await freePort(), 'sallyport:', { policy });
    await place.run(['users', 'create-admin', '--email', 'ada@example.test', '--password-stdin'], `${goodPassword}\n`);
  };
  beforeEach(() => policyOf({ permissions, roles }));

  it('is shown, stays at the next start and in "roles apply", and is shown by "roles diff" and the doctor', async () => {
    const set = await place.run(['roles', 'set', 'vendor', 'product:read', 'product:delete', '--json']);
    expect(set).toMatchObject({ code: 0, errors: '' });
    expect(set.json()).toMatchObject({ role: { name: 'vendor' }, before: ['product:read'] });
    await (await startBeside(place)).stop();
    expect(await shown('vendor')).toMatchObject({ permissions: ['product:read', 'product:delete'] });
    const diff = await place.run(['roles', 'diff', '--json']);
    expect(diff).toMatchObject({ code: 0 });
    expect(diff.json()).toEqual({
      isStored: true,
      source: 'database',
      differences: [],
      edits: [{ role: 'vendor', kind: 'changed', permissionsAdded: ['product:delete'], permissionsRemoved: [] }],
    });
    const doctor = (await place.run(['doctor', '--json'])).json() as { readonly findings: unknown[] };
    expect(doctor.findings).toContainEqual({
      check: 'roles',
      state: 'good',
      finding: 'edited since the policy was applied: ~ role vendor: +product:delete',
    });
    expect((await place.run(['roles', 'apply', '--json'])).json()).toEqual({ differences: [] });
    expect(await shown('vendor')).toMatchObject({ permissions: ['product:read', 'product:delete'] });
    expect((await place.run(['roles', 'apply', '--exactly'])).code).toBe(0);
    expect(await shown('vendor')).toMatchObject({ permissions: ['product:read'] });
  }, 120_000);

  it('is made with --create, and deleted', async () => {
    expect(await place.run(['roles', 'set', 'clerk', 'none', '--create'])).toMatchObject({ code: 0 });
    expect(await shown('clerk')).toMatchObject({ permissions: [] });
    expect(await place.run(['roles', 'delete', 'clerk'])).toMatchObject({ code: 0 });
    expect((await place.run(['roles', 'show', '--role', 'clerk'])).code).toBe(1);
  });

  it.each([
    {
      name: 'an unknown role',
      args: ['vendro', 'product:read'],
      code: 1,
      says: /no role of this name. Did you mean vendor\?/,
    },
    {
      name: 'an unknown permission',
      args: ['vendor', 'product:raed'],
      code: 1,
      says: /permissions.0 is not a permission/,
    },
    { name: 'another version', args: ['vendor', 'none', '--version', '0-old'], code: 1, says: /changed meanwhile/ },
    { name: 'a role that is there, to make', args: ['vendor', 'none', '--create'], code: 1, says: /changed meanwhile/ },
    { name: 'a name that is none, to make', args: ['Two Words', 'none', '--create'], code: 2, says: /small letters/ },
    {
      name: 'a version of a role to make',
      args: ['cook', 'none', '--create', '--version', '1'],
      code: 2,
      says: /no version yet/,
    },
    {
      name: 'the last role that manages',
      args: ['admin', 'none'],
      code: 1,
      says: /No account would hold "user:manage"/,
    },
    { name: 'no permissions', args: ['vendor'], code: 2, says: /<permissions…> is missing/ },
  ])('is refused with $name', async ({ args, code, says }) => {
    const result = await place.run(['roles', 'set', ...args]);
    expect(result).toMatchObject({ code, output: '' });
    expect(result.errors).toMatch(says);
    expect(await shown('vendor')).toMatchObject({ permissions: ['product:read'] });
  });

  it('is refused where the file has the last word, whose roles each start stores', async () => {
    await policyOf({ permissions, roles, source: 'file' });
    const refused = await place.run(['roles', 'set', 'vendor', 'none']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.errors).toMatch(/policy.source: "file".*start or reload/);
    const file = join(place.folder, 'sallyport.config.ts');
    const changed = readFileSync(file, 'utf8').replace('"vendor":["product:read"]', '"vendor":["product:delete"]');
    writeFileSync(join(place.folder, 'changed.config.ts'), changed);
    place.environment['SALLYPORT_CONFIG'] = 'changed.config.ts';
    expect(await place.run(['roles', 'diff'])).toMatchObject({ code: 1 });
    const gateway = await startBeside(place);
    expect(await shown('vendor')).toMatchObject({ permissions: ['product:delete'] });
    await gateway.stop();
    expect(await place.run(['roles', 'diff'])).toMatchObject({ code: 0 });
  }, 120_000);
});

it('"roles apply" stores nothing before the first start', async () => {
  const { code, errors } = await createWorkplace().run(['roles', 'apply']);
  expect(code).toBe(1);
  expect(errors).toContain('No roles are stored yet');
});
