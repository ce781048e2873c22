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

it('"roles apply" stores nothing before the first start', async () => {
  const { code, errors } = await createWorkplace().run(['roles', 'apply']);
  expect(code).toBe(1);
  expect(errors).toContain('No roles are stored yet');
});
