import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, goodPassword, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';
import { commands } from './commands.ts';

/** The rows of the page: which members a command writes always, and which it may write also. */
const page = readFileSync(new URL('../../../../docs/operations/cli.md', import.meta.url), 'utf8');
const table = /### What `--json` writes\n([^]*?)\n## /.exec(page)?.[1] ?? '';
const rows = [...table.matchAll(/^\| (`[^|]*?) *\| ([^|]*?) *\|$/gm)].flatMap(([, names = '', members = '']) => {
  const [always = '', also = ''] = members.split(' also ');
  const row = { always: wordsOf(always), also: wordsOf(also) };
  return wordsOf(names).map((name) => [name, row] as const);
});
const documented = new Map(rows);

/** Without words of the command line, such as `--invite`. */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, word = '']) => (word.startsWith('--') ? [] : [word]));
}

const [ada, bob, dora] = ['ada@example.test', 'bob@example.test', 'dora@example.test'];
const organizationPolicy = {
  permissions: {
    'user:manage': 'Change the roles of users',
    'organization:manage': 'Rename and delete an organization',
    'member:manage': 'Invite and remove members',
  },
  roles: { user: [], admin: ['user:manage'] },
  organizationRoles: { owner: ['organization:manage', 'member:manage'], clerk: [] },
};
let place: Workplace;
beforeAll(async () => {
  place = createWorkplace();
  writeFileSync(join(place.folder, 'in.ndjson'), JSON.stringify({ email: bob, name: 'Bob' }));
});

describe('what --json writes', () => {
  it('is on the page for every command that ends by itself', () => {
    const names = commands.map(({ name }) => name).filter((name) => name !== 'start' && name !== 'dev');
    expect([...documented.keys()].toSorted()).toEqual(names.toSorted());
  });

  it.each([
    { args: ['users', 'create-admin', '--email', ada, '--password-stdin'], input: `${goodPassword}\n` },
    { args: ['users', 'create-admin', '--email', 'cid@example.test', '--invite'] },
    { args: ['users', 'import', 'in.ndjson'] },
    { args: ['users', 'show', ada] },
    { args: ['users', 'set-roles', bob, 'vendor'] },
    { args: ['users', 'ban', bob] },
    { args: ['users', 'unban', bob] },
    { args: ['users', 'create-admin', '--email', dora, '--invite'] },
    { args: ['users', 'delete', dora] },
    { args: ['service-accounts', 'create', 'billing', 'user'] },
    { args: ['service-accounts', 'set-roles', 'billing', 'vendor'] },
    { args: ['service-accounts', 'update', 'billing', '--certificate', 'spiffe://acme/billing'] },
    { args: ['service-accounts', 'disable', 'billing'] },
    { args: ['service-accounts', 'enable', 'billing'] },
    { args: ['api-keys', 'create', '--service', 'billing', '--name', 'Main', '--scope', 'product:read'] },
    { args: ['api-keys', 'revoke', '--service', 'billing'] },
    { args: ['sessions', 'end-all'] },
    { args: ['roles', 'show'] },
    { args: ['roles', 'set', 'vendor', 'none'] },
    { args: ['roles', 'set', 'clerk', 'product:read', '--create'] },
    { args: ['roles', 'delete', 'clerk'] },
    { args: ['roles', 'diff'] },
    { args: ['roles', 'apply'] },
    { args: ['secrets', 'generate'] },
    { args: ['secrets', 'check'] },
    { args: ['secrets', 'rewrap'] },
    { args: ['keys', 'list'] },
    { args: ['keys', 'rotate', '--now'] },
    { args: ['certs', 'init', '--trust-domain', 'acme'] },
    { args: ['certs', 'issue', 'billing', '--spiffe', 'spiffe://acme/billing'] },
    { args: ['certs', 'renew', 'billing'] },
    { args: ['certs', 'revoke', 'billing'] },
    { args: ['certs', 'crl'] },
    { args: ['migrate'] },
    { args: ['routes'] },
  ])('is as on the page: $args', async ({ args, input }) => {
    const result = await place.run([...args, '--json'], input);
    // No mail server takes the mails of this place; that they wait is said beside the output.
    const said = result.errors.split('\n').filter((line) => !/^(?:warning: a message .*)?$/.test(line));
    expect([result.code, ...said]).toEqual([0]);
    expectDocumented(args, result);
  });

  it('is as on the page for changes of an organization', async () => {
    const own = createWorkplace({}, { policy: organizationPolicy });
    await own.run(['users', 'create-admin', '--email', ada, '--password-stdin'], `${goodPassword}\n`);
    const run = async (...args: readonly string[]): Promise<CommandResult> => {
      const result = await own.run(['organizations', ...args, '--json']);
      expect([result.code, result.errors]).toEqual([0, '']);
      expectDocumented(['organizations', ...args], result);
      return result;
    };
    const made = await run('create', 'Acme', '--owner', ada);
    const { id } = (made.json() as { readonly organization: { readonly id: string } }).organization;
    await run('set-member', id, ada, 'owner', 'clerk');
    await run('show', id);
    await run('delete', id);
  });

  it('is as on the page for every change of an OAuth client', async () => {
    const own = createWorkplace({}, { oauthProvider: {} });
    const run = async (...args: readonly string[]): Promise<CommandResult> => {
      const result = await own.run(['oauth-clients', ...args, '--json']);
      expect([result.code, result.errors]).toEqual([0, '']);
      expectDocumented(['oauth-clients', ...args], result);
      return result;
    };
    const secretOnce = ['--authentication', 'client_secret_basic', '--grant', 'client_credentials'];
    const made = await run('create', '--name', 'Acme', ...secretOnce, '--scope', 'product:read');
    const { id } = (made.json() as { readonly client: { readonly id: string } }).client;
    await run('show', id);
    await run('update', id, '--homepage', 'https://acme.example/');
    await run('rotate-secret', id);
    await run('disable', id, '--confirm', 'Acme');
    await run('enable', id);
    const { output } = await own.run(['oauth-clients', 'list', '--json']);
    expect(Object.keys(JSON.parse(output) as object).toSorted()).toEqual(
      documented.get('oauth-clients list')?.always.toSorted(),
    );
    await run('delete', id, '--confirm', 'Acme');
  });

  it('is a line for each account in a list', async () => {
    const { output } = await place.run(['users', 'list', '--json']);
    const lines = output.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines)
      expect(Object.keys(JSON.parse(line) as object)).toEqual(documented.get('users list')?.always);
  });

  it('is a line for the authority, its list and each certificate', async () => {
    const own = createWorkplace();
    await own.run(['certs', 'init']);
    await own.run(['certs', 'issue', 'billing']);
    const lines = (await own.run(['certs', 'list', '--json'])).output.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines)
      expect(Object.keys(JSON.parse(line) as object)).toEqual(documented.get('certs list')?.always);
  });

  it.each([
    { args: ['certs', 'renew', 'none'], code: 1 },
    { args: ['users', 'ban', 'none@example.test'], code: 1 },
    { args: ['users', 'ban'], code: 2 },
    { args: ['users', 'bam'], code: 2 },
    { args: ['keys', 'withdraw', 'none'], code: 1 },
    { args: ['explain', 'GET', '/'], code: 3 },
  ])('is an error on standard error where it is refused: $args', async ({ args, code }) => {
    const result = await place.run([...args, '--json']);
    expect(result).toMatchObject({ code, output: '' });
    expect(JSON.parse(result.errors)).toEqual({ error: expect.any(String) as string });
  });
});

/** One line with one object, whose members are on the page. */
function expectDocumented(args: readonly string[], result: CommandResult): void {
  expect(result.output.trimEnd().split('\n')).toHaveLength(1);
  const { always = [], also = [] } =
    documented.get(args.slice(0, documented.has(args[0] ?? '') ? 1 : 2).join(' ')) ?? {};
  const members = Object.keys(result.json() as object);
  expect(members).toEqual(expect.arrayContaining([...always]));
  expect(members.filter((member) => !always.includes(member) && !also.includes(member))).toEqual([]);
}
