import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorkplace, freePort, goodPassword, type Workplace } from 'sallyport/test-support';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBeside, writeConfig } from './command-workplace.ts';

const permissions = { 'product:read': 'Look', 'product:delete': 'Delete', 'user:manage': 'Manage' };
const roles = { user: [], vendor: ['product:read'], admin: ['user:manage'] };

interface ShownRole {
  readonly permissions: readonly string[];
  readonly version: string;
}

async function makePlace(policy: object): Promise<Workplace> {
  const place = createWorkplace();
  writeConfig(place, await freePort(), 'sallyport:', { policy });
  return place;
}

async function shown(place: Workplace, role: string): Promise<ShownRole | undefined> {
  const { roles: listed } = (await place.run(['roles', 'show', '--role', role, '--json'])).json() as {
    readonly roles: readonly ShownRole[];
  };
  return listed[0];
}

describe('an edit of a role at the command line', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await makePlace({ permissions, roles });
    await place.run(['users', 'create-admin', '--email', 'ada@example.test', '--password-stdin'], `${goodPassword}\n`);
  });

  it.each([
    { name: 'an unknown role', args: ['vendro', 'none'], code: 1, says: /no role of this name. Did you mean vendor\?/ },
    { name: 'an unknown permission', args: ['vendor', 'a:b'], code: 1, says: /permissions.0 is not a permission/ },
    { name: 'another version', args: ['vendor', 'none', '--version', '0-old'], code: 1, says: /changed meanwhile/ },
    { name: 'a role to make that is there', args: ['vendor', 'none', '--create'], code: 1, says: /changed meanwhile/ },
    { name: 'a name that is none', args: ['Two Words', 'none', '--create'], code: 2, says: /small letters/ },
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
    expect(await shown(place, 'vendor')).toMatchObject({ permissions: ['product:read'] });
  });

  it('makes a role with --create, and "roles delete" deletes it', async () => {
    expect(await place.run(['roles', 'set', 'clerk', 'none', '--create'])).toMatchObject({ code: 0 });
    expect(await shown(place, 'clerk')).toMatchObject({ permissions: [] });
    expect(await place.run(['roles', 'delete', 'clerk'])).toMatchObject({ code: 0 });
    expect((await place.run(['roles', 'show', '--role', 'clerk'])).code).toBe(1);
  });

  it('stays at the next start and in "roles apply", until --exactly, and is shown by "roles diff" and the doctor', async () => {
    const set = await place.run(['roles', 'set', 'vendor', 'product:read', 'product:delete', '--json']);
    expect(set).toMatchObject({ code: 0, errors: '' });
    expect(set.json()).toMatchObject({ role: { name: 'vendor' }, before: ['product:read'] });
    await (await startBeside(place)).stop();
    expect(await shown(place, 'vendor')).toMatchObject({ permissions: ['product:read', 'product:delete'] });
    const diff = await place.run(['roles', 'diff', '--json']);
    expect(diff.code).toBe(0);
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
    expect(await shown(place, 'vendor')).toMatchObject({ permissions: ['product:read', 'product:delete'] });
    expect((await place.run(['roles', 'apply', '--exactly'])).code).toBe(0);
    expect(await shown(place, 'vendor')).toMatchObject({ permissions: ['product:read'] });
  }, 60_000);
});

it('a policy with source "file" refuses edits, and each start stores it', async () => {
  const place = await makePlace({ permissions, roles, source: 'file' });
  const refused = await place.run(['roles', 'set', 'vendor', 'none']);
  expect(refused.code).toBe(1);
  expect(refused.errors).toMatch(/policy.source: "file".*start or reload/);
  const file = join(place.folder, 'sallyport.config.ts');
  const changed = readFileSync(file, 'utf8').replace('"vendor":["product:read"]', '"vendor":["product:delete"]');
  // A process reads a module once: the changed configuration is another file.
  writeFileSync(join(place.folder, 'changed.config.ts'), changed);
  place.environment['SALLYPORT_CONFIG'] = 'changed.config.ts';
  expect(await place.run(['roles', 'diff'])).toMatchObject({ code: 1 });
  await (await startBeside(place)).stop();
  expect(await shown(place, 'vendor')).toMatchObject({ permissions: ['product:delete'] });
  expect(await place.run(['roles', 'diff'])).toMatchObject({ code: 0 });
}, 60_000);
