import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { features } from '@sallyport/server';
import { claimDataFolder } from '@sallyport/stores';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from './run.ts';
import { createWorkplace, goodPassword, type Workplace } from './test-support/memory-terminal.ts';

const email = 'ada@example.test';
let place: Workplace;
beforeEach(() => {
  place = createWorkplace();
});
const makeAdmin = () => place.run(['users', 'create-admin', '--email', email, '--password-stdin'], `${goodPassword}\n`);

describe('the command line', () => {
  it.each([
    { args: [], code: 2, says: /Usage/ },
    { args: ['--help'], code: 0, says: /users create-admin/ },
    { args: ['users', 'import', '--help'], code: 0, says: /--dry-run/ },
    { args: ['users'], code: 2, says: /^Usage: sallyport users <command>/ },
    { args: ['keys', '--help'], code: 0, says: /^ {2}withdraw <kid> {2,}[A-Z]/m },
    { args: ['start', '--help'], code: 0, says: /--config <file>/ },
    { args: ['--version'], code: 0, says: /^\d+\.\d+\.\d+\n$/ },
  ])('explains itself: $args', async ({ args, code, says }) => {
    const result = await place.run(args);
    expect(result).toMatchObject({ code, errors: '' });
    expect(result.output).toMatch(says);
  });

  it('lists the commands that features declare, and shows their help, without opening a store', async () => {
    const { output } = await place.run(['--help']);
    expect(features.commands.length).toBeGreaterThan(0);
    for (const { name, summary } of features.commands) {
      expect(output).toContain(`  ${name} `);
      expect((await place.run([...name.split(' '), '--help'])).output).toContain(summary);
    }
    expect(existsSync(place.dataDir)).toBe(false);
  });

  it('lists the commands of a group one below the other, each with what it does', async () => {
    const lines = (await place.run(['users'])).output.split('\n').filter((line) => line.startsWith('  '));
    expect(lines.length).toBeGreaterThan(5);
    const columns = new Set(lines.map((line) => /^ {2}\S(?:[^ ]| (?! ))* {2,}/.exec(line)?.[0].length));
    expect(columns.size).toBe(1);
  });

  it.each([
    { args: ['users', 'lsit'], says: /Did you mean "sallyport users list"/ },
    { args: ['users', 'frobnicate-canary'], says: /"sallyport users" lists those/ },
    { args: ['users', '--json'], says: /sallyport users\W+ lists those/ },
    { args: ['usrs', 'list'], says: /Did you mean "sallyport users list"/ },
    { args: ['canary'], says: /no such command/ },
    { args: ['users', 'list', '--frobnicate'], says: /--frobnicate is not an option/ },
    { args: ['start', 'now'], says: /nothing but options/ },
    { args: ['start', '--config', 'canary.mjs'], says: /--config names a file that does not exist/ },
  ])('refuses what it does not know, with exit code 2: $args', async ({ args, says }) => {
    const result = await place.run(args);
    expect(result).toMatchObject({ code: 2, output: '' });
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toMatch(/canary|\n\s+at /);
  });

  it('says what is wrong with the configuration, without a stack trace', async () => {
    writeFileSync(join(place.folder, 'sallyport.config.ts'), 'export default { publicUrl: "canary", routs: [] };');
    const result = await place.run(['routes']);
    expect(result.code).toBe(3);
    expect(result.errors).toMatch(/routs[\s\S]*not a key/);
    expect(result.errors).not.toMatch(/canary|\n\s+at /);
  });

  it('lists the services that take messages of users, and from whom', async () => {
    const config = {
      publicUrl: 'http://localhost:3000',
      policy: { permissions: { 'invoice:create': 'Create invoices' }, roles: { user: ['invoice:create'] } },
      routes: [
        { name: 'orders', prefix: '/orders', upstream: 'http://127.0.0.1:9', audience: 'orders', access: 'signed-in' },
      ],
      messages: { consumers: { billing: { callers: ['orders'], permissions: ['invoice:*'] } } },
    };
    writeFileSync(join(place.folder, 'sallyport.config.ts'), `export default ${JSON.stringify(config)};`);
    expect((await place.run(['routes'])).output).toContain(
      'billing takes messages of users from orders, with invoice:*.',
    );
    expect(JSON.parse((await place.run(['routes', '--json'])).output)).toMatchObject({
      messages: [{ consumer: 'billing', callers: ['orders'], permissions: ['invoice:*'], profile: false }],
    });
  });

  it('names the line of a configuration file that fails', async () => {
    writeFileSync(
      join(place.folder, 'sallyport.config.ts'),
      '\nconst parts = undefined;\nexport default parts.routes;',
    );
    const result = await place.run(['routes']);
    expect(result.code).toBe(3);
    expect(result.errors).toMatch(/cannot be loaded: TypeError[\s\S]*sallyport\.config\.ts:3:/);
    expect(result.errors).not.toMatch(/fault of sallyport/);
  });

  it('keeps the stack of a native TypeError, which is a bug', async () => {
    const errors: string[] = [];
    const terminal = {
      environment: undefined,
      workingFolder: '/',
      errors: { write: (text: string) => errors.push(text) },
    };
    expect(await runCommandLine(['routes'], terminal as never)).toBe(3);
    expect(errors.join('')).toMatch(/fault of sallyport[\s\S]*TypeError[\s\S]*\n\s+at /);
  });

  it('writes mistakes as JSON when it is asked to', async () => {
    const result = await place.run(['users', 'show', 'unknown@x.test', '--json']);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.errors)).toEqual({ error: expect.stringContaining('no database') as string });
    expect(existsSync(place.dataDir)).toBe(false);
  });
});

describe('the first administrator', () => {
  it('is made with a password from standard input', async () => {
    expect(await makeAdmin()).toMatchObject({ code: 0 });
    expect((await place.run(['users', 'show', email, '--json'])).json()).toMatchObject({
      user: { email, roles: ['admin'], emailVerified: true },
    });
  });

  it.each([
    { name: 'a short password', input: 'short\n', says: /at least 15 characters/ },
    { name: 'a password that everybody tries', input: 'password-password-1\n', says: /too easy to guess/ },
    { name: 'no password', input: '', says: /at least 15 characters/ },
    { name: 'more than a password', input: 'x'.repeat(5000), says: /too long/ },
  ])('is not made with $name', async ({ input, says }) => {
    const result = await place.run(['users', 'create-admin', '--email', email, '--password-stdin'], input);
    expect(result.code).toBe(1);
    expect(result.errors).toMatch(says);
    expect((await place.run(['users', 'list', '--json'])).output).toBe('');
  });

  it.each([
    { name: 'without an address', args: [], says: /--email <address> is missing/, code: 2 },
    { name: 'with an address that is none', args: ['--email', 'canary'], says: /--email must look like/, code: 2 },
    {
      name: 'with a role that is none',
      args: ['--email', email, '--role', 'king', '--invite'],
      says: /no role/,
      code: 1,
    },
    { name: 'without a terminal', args: ['--email', email], says: /--password-stdin/, code: 2 },
  ])('is not made $name', async ({ args, says, code }) => {
    const result = await place.run(['users', 'create-admin', ...args]);
    expect(result.code).toBe(code);
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toMatch(/canary/);
  });

  it('is not made twice', async () => {
    await makeAdmin();
    expect(await makeAdmin()).toMatchObject({ code: 1, errors: expect.stringMatching(/set-roles/) as string });
  });

  it('is invited by a link that is handed over when there is no mail', async () => {
    delete place.environment['SMTP_URL'];
    const result = await place.run(['users', 'create-admin', '--email', email, '--invite', '--json']);
    expect(result.json()).toMatchObject({
      mailed: false,
      link: expect.stringMatching(/^http:\/\/localhost:3000\/auth\/reset\?token=[\w-]{43}$/) as string,
    });
  });
});

describe('accounts', () => {
  beforeEach(makeAdmin);

  it('keep the permission to manage others until another one has it, and their owners are told of changes', async () => {
    const taking = ['users', 'set-roles', email, 'user'];
    expect(await place.run(taking)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/last account.*"user:manage".*create-admin/) as string,
    });
    await place.run(['users', 'create-admin', '--email', 'b@x.test', '--password-stdin'], `${goodPassword}\n`);
    delete place.environment['SMTP_URL'];
    expect(await place.run(taking)).toMatchObject({ code: 0, errors: expect.stringMatching(/was not told/) as string });
  });

  it('get other roles, are banned and let in again', async () => {
    await place.run(['users', 'create-admin', '--email', 'b@x.test', '--password-stdin'], `${goodPassword}\n`);
    const roles = await place.run(['users', 'set-roles', email.toUpperCase(), 'vendor', 'user', '--json']);
    expect(roles.json()).toMatchObject({ user: { roles: ['vendor', 'user'] }, before: ['admin'] });
    expect((await place.run(['users', 'ban', email, '--json'])).json()).toMatchObject({ user: { isBanned: true } });
    expect((await place.run(['users', 'list'])).output).toMatch(
      /ada@example\.test\s+Ada\s+vendor user\s+banned|banned/,
    );
    expect((await place.run(['users', 'unban', email, '--json'])).json()).toMatchObject({ user: { isBanned: false } });
    const terms = ['--until', '2199-01-31T12:00:00Z', '--reason', 'Lost laptop'];
    expect((await place.run(['users', 'ban', email, ...terms])).code).toBe(0);
    expect((await place.run(['users', 'show', email])).output).toMatch(
      /banned +since .*, until 2199-01-31T12:00:00\.000Z: Lost laptop/,
    );
    for (const wrong of [
      ['--until', 'tomorrow'],
      ['--reason', ''],
    ])
      expect((await place.run(['users', 'ban', email, ...wrong])).code).toBe(2);
    expect((await place.run(['users', 'delete', email, '--json'])).json()).toMatchObject({ user: { email } });
    expect((await place.run(['users', 'show', email])).code).toBe(1);
    expect((await place.run(['sessions', 'end-all', '--json'])).json()).toEqual({ ended: 0 });
  });

  it.each([
    { args: ['users', 'set-roles', email, 'king'], says: /no role "king". The policy/ },
    { args: ['users', 'set-roles', email, 'admni'], says: /no role "admni". Did you mean admin\?/ },
    { args: ['users', 'set-roles', 'unknown@x.test', 'user'], says: /No account/ },
    { args: ['users', 'ban', 'unknown@x.test'], says: /No account/ },
    { args: ['users', 'delete', 'unknown@x.test'], says: /No account/ },
    { args: ['users', 'ban', email], says: /last account.*"user:manage".*create-admin/ },
    { args: ['users', 'delete', email], says: /last account.*"user:manage".*create-admin/ },
    { args: ['users', 'ban', email, '--until', '2020-01-01T00:00:00Z'], says: /until must be in the future/ },
    { args: ['sessions', 'end-all', '--user', 'unknown@x.test'], says: /No account/ },
  ])('that are not there, and roles that are none, are refused: $args', async ({ args, says }) => {
    const result = await place.run(args);
    expect(result.code).toBe(1);
    expect(result.errors).toMatch(says);
  });

  it('cannot steer the terminal by their names', async () => {
    writeFileSync(join(place.folder, 'in.ndjson'), JSON.stringify({ email: 'x@x.test', name: 'A\u001b[31mB' }));
    expect((await place.run(['users', 'import', 'in.ndjson'])).code).toBe(1);
    expect((await place.run(['users', 'list'])).output).not.toContain('\u001b');
  });

  it('are read but not changed while another process has the stores and answers no operator', async () => {
    const giveBack = claimDataFolder(place.dataDir);
    const refused = [
      ['users', 'set-roles', email, 'user'],
      ['users', 'ban', email],
      ['users', 'create-admin', '--email', 'b@x.test', '--invite'],
      ['sessions', 'end-all'],
    ];
    // Together: each waits for a gateway that starts or stops.
    for (const result of await Promise.all(refused.map((args) => place.run(args)))) {
      expect(result.code).toBe(3);
      expect(result.errors).toMatch(/^A gateway that does not answer operators, or another command, is using /);
    }
    for (const args of [
      ['users', 'list'],
      ['users', 'show', email],
      ['doctor'],
      ['routes'],
      ['secrets', 'check'],
      ['migrate'],
    ])
      expect((await place.run(args)).code).toBe(0);
    giveBack();
    expect((await place.run(['users', 'unban', email])).code).toBe(0);
  });
});

describe('secrets', () => {
  it('are made strong, as a version when it is asked for', async () => {
    const { secret } = (await place.run(['secrets', 'generate', '--version', '2', '--json'])).json() as {
      secret: string;
    };
    expect(secret).toMatch(/^2:[\w-]{43}$/);
    place.environment['SALLYPORT_SECRET'] = secret;
    const check = await place.run(['secrets', 'check']);
    expect(check.code).toBe(0);
    expect(check.output).not.toContain(secret.slice(2));
  });

  it.each(['tooshort7', 'a'.repeat(40), '1:change-me-change-me-change-me-change-me'])(
    'that are weak are refused: %s',
    async (secret) => {
      place.environment['SALLYPORT_SECRET'] = secret;
      const check = await place.run(['secrets', 'check']);
      expect(check.code).toBe(3);
      expect(check.errors).toMatch(/SALLYPORT_SECRET cannot be used: version 1/);
      expect(check.errors).not.toContain(secret);
    },
  );

  it('are not made by looking', async () => {
    delete place.environment['SALLYPORT_SECRET'];
    expect((await place.run(['secrets', 'check'])).code).toBe(1);
    expect((await place.run(['doctor'])).code).toBe(0);
    expect(existsSync(place.dataDir)).toBe(false);
  });
});

describe('the doctor', () => {
  it('finds nothing bad before the first start, and only the shop that is not started after it', async () => {
    expect((await place.run(['doctor'])).code).toBe(0);
    await makeAdmin();
    const result = await place.run(['doctor', '--json']);
    const { findings } = result.json() as { findings: { check: string; state: string }[] };
    expect(findings.filter(({ state }) => state !== 'good')).toMatchObject([{ check: 'zones', state: 'note' }]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['tables', 'clock of the gateways', 'root secret']),
    );
  });

  it.skipIf(process.platform === 'win32')('finds files that others can read, and says what to do', async () => {
    await makeAdmin();
    const { output } = await place.run(['doctor']);
    expect(output).not.toMatch(/BAD|WARNING/);
    chmodSync(join(place.dataDir, 'sallyport.db'), 0o644);
    const result = await place.run(['doctor']);
    expect(result.code).toBe(1);
    expect(result.output).toMatch(/WARNING +file modes.*chmod 600/);
  });

  it('finds what is wrong with a production configuration', async () => {
    const config = `export default {
      publicUrl: 'https://app.example.test', tls: { certFile: 'missing.pem', keyFile: 'missing.pem' },
      policy: { permissions: {}, roles: { admin: [] } },
      routes: [{ name: 'orders', prefix: '/api/orders', upstream: 'http://127.0.0.1:9', audience: 'orders', access: { roles: ['admin'] } }],
    };`;
    writeFileSync(join(place.folder, 'sallyport.config.ts'), config);
    place.environment['SALLYPORT_SECRET'] = 'weak';
    delete place.environment['SMTP_URL'];
    const result = await place.run(['doctor']);
    expect(result.code).toBe(1);
    for (const finding of [/BAD +mail/, /BAD +root secret/, /BAD +TLS/]) expect(result.output).toMatch(finding);
    const routes = await place.run(['routes', '--json']);
    expect(routes.json()).toMatchObject({ routes: [{ prefix: '/api/orders', access: 'role admin' }] });
  });

  it.each([
    ['', /"docs" \(\/api\/orders\/docs\) demands more than "orders" \(\/api\/orders\) at the same upstream/],
    ['caseSensitive: true,', undefined],
  ])('names routes that hold only if their upstream reads paths as the gateway does: %s', async (said, note) => {
    const upstream = `upstream: 'http://127.0.0.1:9', audience: 'orders'`;
    const config = `export default { publicUrl: 'http://localhost:9', policy: { permissions: {}, roles: { admin: [] } }, routes: [
      { name: 'orders', prefix: '/api/orders', ${upstream}, access: 'signed-in' },
      { name: 'docs', prefix: '/api/orders/docs', ${upstream}, ${said} access: { roles: ['admin'] } }] };`;
    writeFileSync(join(place.folder, 'sallyport.config.ts'), config);
    const outputs = [(await place.run(['doctor'])).output, (await place.run(['routes'])).output];
    for (const output of outputs)
      if (note === undefined) expect(output).not.toContain('demands more');
      else expect(output).toMatch(note);
  });

  it('finds an undeclared proxy', async () => {
    const config = `export default { publicUrl: 'https://app.example.test', policy: { permissions: {}, roles: {} },
      routes: [{ name: 'shell', prefix: '/', upstream: 'http://127.0.0.1:9', audience: 'shell', access: 'public' }] };`;
    writeFileSync(join(place.folder, 'sallyport.config.ts'), config);
    expect((await place.run(['doctor'])).output).toMatch(/WARNING +trustedProxies/);
  });
});
