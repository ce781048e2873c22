import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { createMemberTable } from '@sallyport/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { withStores } from '../open-system.ts';
import { createWorkplace, goodPassword, type Workplace } from '../test-support/memory-terminal.ts';
import { policy } from './shop-policy.test-support.ts';

const { organizationRoles: _, ...configured } = policy;
const inOrganizations = ['organization:manage', 'member:manage', 'product:delete'];
const withOrganizations = {
  ...configured,
  permissions: { ...policy.permissions, ...Object.fromEntries(inOrganizations.map((name) => [name, name])) },
  organizationRoles: { owner: inOrganizations },
  rules: [...policy.rules, { allow: 'delete', on: 'Product', to: 'product:delete', reason: 'owner' }],
};
const ada = 'ada@example.test';

let place: Workplace;
beforeAll(async () => {
  place = createWorkplace({}, { policy: configured });
  await place.run(['users', 'create-admin', '--email', ada, '--password-stdin'], `${goodPassword}\n`);
});

/** Makes an account the owner of an organization. */
async function addMember({ environment, folder }: Workplace, userId: string): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = { environment, workingFolder: folder, input: Readable.from([]), output: nowhere, errors: nowhere };
  await withStores(terminal, 'writes', async ({ stores }) => {
    const members = createMemberTable(stores.database.records);
    await members.insert({ organizationId: 'org_1', userId, roles: ['owner', 'gone'], joinedAt: new Date() });
    return 0;
  });
}

describe('sallyport policy explain', () => {
  const hat = JSON.stringify({ id: 'p1', vendorId: 'vera', price: 3 });
  const explain = (...args: readonly string[]) => place.run(['policy', 'explain', ...args]);

  it('goes by the roles that an account has in the store', async () => {
    const { code, output, errors } = await explain(ada, 'update', hat, '--type', 'Product');
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^Allowed: any \(rules\[1\]\)/);
    expect(output).toContain('Permissions: product:update-any user:manage');
  });

  it('goes by the roles of the policy file where roles are given, and opens no store', async () => {
    const bare = createWorkplace({}, { policy: configured });
    const { code, output } = await bare.run([
      'policy',
      'explain',
      'bob',
      'update',
      hat,
      '--type',
      'Product',
      '--roles',
      'vendor,user',
    ]);
    expect(code).toBe(1);
    expect(output).toMatch(/^Refused: no-rule-allows/);
    expect(output).toMatch(/0 +allow +own +not-met +\S/);
    expect(output).toMatch(/1 +allow +any +permission-missing/);
    expect(output).toContain('What would allow it, one of:');
  });

  it('has a text for the user that says nothing of rules, and one for the administrator', async () => {
    const result = await explain(
      'vera',
      'update',
      hat,
      '--type',
      'Product',
      '--field',
      'price',
      '--roles',
      'vendor',
      '--json',
    );
    expect(result.code).toBe(1);
    expect(result.json()).toMatchObject({
      decision: { allowed: false, reason: 'price-is-fixed' },
      textForUser: 'Prices are set for you.',
      textForAdministrator: expect.stringContaining('Prices belong to product:update-any.') as string,
      caller: { id: 'vera', permissions: ['product:update'] },
    });
  });

  it('reads the record from a file', async () => {
    writeFileSync(join(place.folder, 'hat.json'), hat);
    const { code } = await explain('vera', 'update', '@hat.json', '--type', 'Product', '--roles', 'vendor');
    expect(code).toBe(0);
  });

  it('goes by the roles that an account has in an organization', async () => {
    const own = createWorkplace({}, { policy: withOrganizations });
    await own.run(['users', 'create-admin', '--email', ada, '--password-stdin'], `${goodPassword}\n`);
    const { json } = await own.run(['users', 'show', ada, '--json']);
    const { id } = (json() as { readonly user: { readonly id: string } }).user;
    await addMember(own, id);
    const asked = ['policy', 'explain', ada, 'delete', hat, '--type', 'Product'];
    const results = await Promise.all(
      [[], ['--org', 'org_1'], ['--org', 'org_2']].map((more) => own.run([...asked, ...more])),
    );
    expect(results.map(({ code }) => code)).toEqual([1, 0, 1]);
    expect(results[1]?.output).toContain('Organization: org_1, roles: owner');
    expect(results[2]?.errors).toMatch(/no member of this organization/);
  });

  it('knows a caller who is not signed in', async () => {
    const { code, output } = await explain('anonymous', 'update', hat, '--type', 'Product');
    expect(code).toBe(1);
    expect(output).toContain('Caller: anonymous');
  });

  it.each([
    {
      name: 'a record that is no JSON',
      args: ['vera', 'update', '{secret', '--type', 'Product'],
      code: 2,
      says: /must be one JSON object/,
    },
    {
      name: 'a record that is a list',
      args: ['vera', 'update', '[]', '--type', 'Product'],
      code: 2,
      says: /must be one JSON object/,
    },
    {
      name: 'a file that is not there',
      args: ['vera', 'update', '@none.json', '--type', 'Product'],
      code: 2,
      says: /none\.json cannot be read/,
    },
    { name: 'no type', args: ['vera', 'update', '{}'], code: 2, says: /--type <type> is missing/ },
    {
      name: 'a type that is not declared',
      args: ['vera', 'update', '{}', '--type', 'Prodct'],
      code: 2,
      says: /did you mean "Product"/,
    },
    {
      name: 'an action that is not declared',
      args: ['vera', 'updat', '{}', '--type', 'Product'],
      code: 2,
      says: /did you mean "update"/,
    },
    {
      name: 'a field that is not declared',
      args: ['vera', 'update', '{}', '--type', 'Product', '--field', 'prize'],
      code: 2,
      says: /did you mean "price"/,
    },
    {
      name: 'a role that is not declared',
      args: ['vera', 'update', '{}', '--type', 'Product', '--roles', 'vendro'],
      code: 2,
      says: /Did you mean vendor\?/,
    },
    {
      name: 'roles of no organization',
      args: ['vera', 'update', '{}', '--type', 'Product', '--org-roles', 'owner'],
      code: 2,
      says: /goes with --org/,
    },
    {
      name: 'an account that is not there',
      args: ['none@example.test', 'update', '{}', '--type', 'Product'],
      code: 1,
      says: /No account has this email address/,
    },
  ])('refuses $name, and repeats nothing of the record', async ({ args, code, says }) => {
    const result = await explain(...args);
    expect({ code: result.code, output: result.output }).toEqual({ code, output: '' });
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toContain('secret');
  });
});
