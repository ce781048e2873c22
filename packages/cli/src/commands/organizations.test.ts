import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, goodPassword, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

const [ada, bob] = ['ada@example.test', 'bob@example.test'];
let place: Workplace;
let id: string;
const run = (line: string): Promise<CommandResult> => place.run(line.split(' '));
const addAccount = (email: string): Promise<CommandResult> =>
  place.run(['users', 'create-admin', '--email', email, '--password-stdin'], `${goodPassword}\n`);
beforeAll(async () => {
  place = createWorkplace(
    {},
    {
      organizations: { creation: 'operators' },
      policy: {
        permissions: {
          'user:manage': 'Change the roles of users',
          'organization:manage': 'Rename and delete an organization',
          'member:manage': 'Invite and remove members',
        },
        roles: { user: [], admin: ['user:manage'] },
        organizationRoles: { owner: ['organization:manage', 'member:manage'], clerk: [] },
      },
    },
  );
  await addAccount(ada);
  await addAccount(bob);
  const made = await run(`organizations create Acme --owner ${ada} --json`);
  ({ id } = (made.json() as { readonly organization: { readonly id: string } }).organization);
});

describe('sallyport organizations', () => {
  it('lists and shows what was made', async () => {
    expect((await run('organizations list')).output).toMatch(new RegExp(`^${id} +Acme +1 `, 'm'));
    expect((await run(`organizations show ${id}`)).output).toMatch(/^ada@example.test +owner +/m);
    const [line = '{}'] = (await run('organizations list --json')).output.trimEnd().split('\n');
    expect(JSON.parse(line)).toMatchObject({ id, name: 'Acme', members: 1 });
  });

  it('makes an account a member, gives it other roles, and ends its membership', async () => {
    expect((await run(`organizations set-member ${id} ${bob} clerk`)).output).toContain('no member before');
    expect((await run(`organizations set-member ${id} ${bob} owner clerk`)).output).toContain('before: clerk');
    expect((await run(`organizations remove-member ${id} ${bob}`)).code).toBe(0);
    expect((await run(`organizations remove-member ${id} ${bob}`)).code).toBe(1);
  });

  it('keeps the last owner', async () => {
    for (const line of [`organizations remove-member ${id} ${ada}`, `organizations set-member ${id} ${ada} clerk`]) {
      const { code, errors } = await run(line);
      expect([code, errors]).toEqual([1, expect.stringContaining('last owner')]);
    }
  });

  it('names another owner after the account of the last one was deleted', async () => {
    const made = await run(`organizations create Globex --owner ${bob} --json`);
    const { organization } = made.json() as { readonly organization: { readonly id: string } };
    await run(`organizations set-member ${organization.id} ${ada} clerk`);
    await run(`users delete ${bob}`);
    expect((await run(`organizations show ${organization.id}`)).output).toMatch(/^ada@example.test +clerk +/m);
    expect((await run(`organizations set-member ${organization.id} ${ada} owner`)).code).toBe(0);
    expect((await run(`organizations delete ${organization.id}`)).code).toBe(0);
    expect((await run(`organizations delete ${organization.id}`)).code).toBe(1);
  });

  it.each([
    ['organizations create Other --owner none@example.test', 1],
    ['organizations create Other', 1],
    ['organizations create', 2],
    [`organizations create evil.example --owner ${ada}`, 1],
    ['organizations show org_00000000000000000000', 1],
    [`organizations set-member org_00000000000000000000 ${ada} owner`, 1],
  ])('refuses: %s', async (line, code) => {
    expect((await run(line)).code).toBe(code);
  });

  it('refuses an unknown role, and a policy without organizations', async () => {
    expect((await run(`organizations set-member ${id} ${ada} boss`)).code).toBe(1);
    const other = createWorkplace();
    await other.run(['users', 'create-admin', '--email', ada, '--password-stdin'], `${goodPassword}\n`);
    const { code, errors } = await other.run(['organizations', 'list']);
    expect([code, errors]).toEqual([1, expect.stringContaining('organizationRoles')]);
  });
});
