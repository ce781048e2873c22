import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

const hash = '$2b$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde';
let place: Workplace;
beforeEach(() => {
  place = createWorkplace();
});

const importText = async (name: string, text: string | Buffer, ...args: string[]): Promise<CommandResult> => {
  writeFileSync(join(place.folder, name), text);
  return place.run(['users', 'import', name, '--json', ...args]);
};
const lines = (...records: readonly unknown[]): string => records.map((record) => JSON.stringify(record)).join('\n');
const emails = async (): Promise<string[]> => {
  const { output } = await place.run(['users', 'list', '--json']);
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { email: string }).email)
    .sort();
};
const reasons = (): string => readFileSync(join(place.folder, 'refused.txt'), 'utf8');

describe('an import of NDJSON', () => {
  it('makes accounts, leaves those that exist alone, and may be run again', async () => {
    const text = lines(
      { email: 'A@x.test', name: 'A', passwordHash: hash, emailVerified: true, roles: ['admin'] },
      { email: 'b@x.test', name: 'B' },
      { email: 'a@x.test', name: 'Mallory' },
    );
    const first = await importText('in.ndjson', `\ufeff${text}\r\n\n`);
    expect(first).toMatchObject({ code: 0 });
    expect(first.json()).toEqual({ dryRun: false, records: 3, made: 2, existing: 1, refused: 0 });
    expect((await importText('in.ndjson', text)).json()).toMatchObject({ made: 0, existing: 3 });
    expect((await place.run(['users', 'show', 'a@x.test', '--json'])).json()).toMatchObject({
      user: { name: 'A', roles: ['admin'], emailVerified: true },
    });
    expect((await place.run(['users', 'show', 'b@x.test', '--json'])).json()).toMatchObject({
      user: { roles: ['user'], emailVerified: false },
    });
  });

  it('names the line and the reason of what it refuses, and makes the rest', async () => {
    const text = [
      lines({ email: 'good@x.test', name: 'G' }),
      '{"email":"canary@x.test"',
      '',
      lines({ email: 'canary', name: 'C' }),
      lines({ email: 'c@x.test', name: 'C', passwordHash: '$2b$31$canary' }),
      lines({ email: 'd@x.test', name: 'D', roles: ['king'] }),
      lines({ email: 'e@x.test', name: 'E', passwrd: 'canary' }),
      '[]',
      'null',
      lines({ email: 'f@x.test', name: 'F'.repeat(70_000) }),
      lines({ email: 'last@x.test', name: 'L' }),
    ].join('\n');
    const result = await importText('in.ndjson', text, '--errors', 'refused.txt');
    expect(result.code).toBe(1);
    expect(result.json()).toMatchObject({ records: 10, made: 2, refused: 8 });
    expect(await emails()).toEqual(['good@x.test', 'last@x.test']);
    expect(
      reasons()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    ).toEqual(['2', '4', '5', '6', '7', '8', '9', '10', '']);
    expect(reasons()).toMatch(
      /2\tis not valid JSON\n4\temail must look like.*\n5\tpasswordHash is neither.*\tc@x\.test\n/,
    );
    expect(reasons()).toMatch(/6\troles names a role.*\td@x\.test\n7\tpasswrd is not a known field\te@x\.test\n/);
    expect(reasons() + result.errors).not.toMatch(/canary/);
    expect(statSync(join(place.folder, 'refused.txt')).mode & 0o077).toBe(0);
  });

  it('refuses bytes that are no text', async () => {
    const text = Buffer.concat([
      Buffer.from('{"email":"a@x.test","name":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n'),
    ]);
    expect((await importText('in.ndjson', text)).json()).toMatchObject({ made: 0, refused: 1 });
  });

  it('writes nothing in a dry run, and finds the same', async () => {
    await importText('in.ndjson', lines({ email: 'a@x.test', name: 'A' }));
    const text = lines({ email: 'a@x.test', name: 'A' }, { email: 'b@x.test', name: 'B' }, { email: 'x', name: 'X' });
    const result = await importText('in.ndjson', text, '--dry-run');
    expect(result.code).toBe(1);
    expect(result.json()).toEqual({ dryRun: true, records: 3, made: 1, existing: 1, refused: 1 });
    expect(await emails()).toEqual(['a@x.test']);
  });

  it('is of nothing when the file is empty', async () => {
    expect((await importText('in.ndjson', '')).json()).toMatchObject({ records: 0, made: 0 });
  });
});

describe('an import of CSV', () => {
  it('reads quoted fields, roles and truths', async () => {
    const text = [
      '\ufeffemail,name,passwordHash,roles,emailVerified',
      `a@x.test,"Doe, ""Jo""",${hash},admin;user,yes`,
      'b@x.test,B,,,',
      '',
      'c@x.test,C,,vendor user,0',
    ].join('\r\n');
    expect((await importText('in.csv', text)).json()).toMatchObject({ records: 3, made: 3, refused: 0 });
    expect((await place.run(['users', 'show', 'a@x.test', '--json'])).json()).toMatchObject({
      user: { name: 'Doe, "Jo"', roles: ['admin', 'user'], emailVerified: true },
    });
    expect((await place.run(['users', 'show', 'c@x.test', '--json'])).json()).toMatchObject({
      user: { roles: ['vendor', 'user'], emailVerified: false },
    });
  });

  it('names the line and the reason of what it refuses, and makes the rest', async () => {
    const text = [
      'email,name,emailVerified',
      'a@x.test,A,true',
      'b@x.test,B',
      'canary,C,true',
      'd@x.test,D,canary',
      'e@x.test,E,no',
    ].join('\n');
    const result = await importText('in.csv', text, '--errors', 'refused.txt');
    expect(result.json()).toMatchObject({ made: 2, refused: 3 });
    expect(await emails()).toEqual(['a@x.test', 'e@x.test']);
    expect(
      reasons()
        .split('\n')
        .map((line) => line.split('\t')[0])
        .sort((a = '', b = '') => a.localeCompare(b)),
    ).toEqual(['', '3', '4', '5']);
    expect(reasons() + result.errors).not.toMatch(/canary/);
  });

  it.each(['', 'mail,name\n', 'email\n', 'email,name,email\n', 'email,name,password\n', '"email,name\n'])(
    'is refused as a whole when its first line is %j',
    async (text) => {
      const result = await importText('in.csv', `${text}a@x.test,A,canary\n`);
      expect(result.code).not.toBe(0);
      expect(await emails()).toEqual([]);
      expect(result.errors).not.toMatch(/canary|\n\s+at /);
    },
  );
});

it('a CSV file whose first line is too long is refused as a whole: the second line is not its header', async () => {
  const result = await importText('in.csv', `${'x'.repeat(70_000)}\nemail,name\na@x.test,A\n`);
  expect(result.code).toBeGreaterThan(0);
  expect(result.errors).toMatch(/first line .* longer than 65536 bytes/);
  expect(await emails()).toEqual([]);
});

describe('the encoding of a CSV file', () => {
  const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
  const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
  const head = 'email,name,roles\n';
  it.each([
    {
      name: 'that is not UTF-8',
      text: latin(`${head}a@x.test,A,\nb@x.test,M\xfcller,\n`),
      says: /line 3, column name: this is not UTF-8/,
    },
    {
      name: 'that is not UTF-8 in a quoted field',
      text: latin(`email;roles;name\na@x.test;"user;vendor";"M\xfcller; J\xf6rg"\n`),
      says: /line 2, column name:/,
    },
    {
      name: 'that is cut off in the middle of a character',
      text: latin(`${head}a@x.test,M\xc3`),
      says: /line 2, column name/,
    },
    { name: 'that is UTF-16', text: utf16(`${head}a@x.test,M\u00fcller,\n`), says: /UTF-16.*Save it as UTF-8/ },
    {
      name: 'that is UTF-8, and is said to be of Windows',
      text: `${head}a@x.test,M\u00fcller,\n`,
      args: ['--encoding', 'windows-1252'],
      says: /is UTF-8 throughout.*leave --encoding out/,
    },
    {
      name: 'that is UTF-8 by its mark, and is said to be of Windows',
      text: `\ufeff${head}a@x.test,M\u00fcller,\n`,
      args: ['--encoding', 'windows-1252'],
      says: /the mark of UTF-8.*leave --encoding out/,
    },
    { name: 'that is unknown', text: head, args: ['--encoding', 'ebcdic'], says: /utf-8 and windows-1252/ },
  ])('$name is refused before anything is imported', async ({ text, args = [], says }) => {
    const result = await importText('in.csv', text, ...args);
    expect(result.code).toBeGreaterThan(0);
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toMatch(/ller|\ufffd|\n\s+at /);
    expect(await emails()).toEqual([]);
  });

  it.each([
    {
      name: 'of Windows, when it is said',
      text: latin(`${head}a@x.test,M\xfcller \x80,\n`),
      args: ['--encoding', 'windows-1252'],
    },
    { name: 'of Unicode', text: `${head}a@x.test,M\u00fcller \u20ac,\n`, args: [] },
    {
      name: 'of Unicode, with its mark',
      text: `\ufeff${head}a@x.test,M\u00fcller \u20ac,\n`,
      args: ['--encoding', 'UTF-8'],
    },
  ])('$name is read', async ({ text, args }) => {
    expect((await importText('in.csv', text, ...args)).json()).toMatchObject({ made: 1, refused: 0 });
    expect((await place.run(['users', 'show', 'a@x.test', '--json'])).json()).toMatchObject({
      user: { name: 'M\u00fcller \u20ac' },
    });
  });

  it('is not asked of NDJSON, which is UTF-8, nor is a delimiter', async () => {
    for (const option of ['--encoding=utf-8', '--delimiter=;'])
      expect(await importText('in.ndjson', '', option)).toMatchObject({ code: 2 });
  });

  it('that lost a character before is noticed by the sign that stands for it', async () => {
    const result = await importText('in.csv', `${head}a@x.test,M\ufffdller,\n`, '--errors', 'refused.txt');
    expect(result.json()).toMatchObject({ made: 0, refused: 1 });
    expect(reasons()).toMatch(/^2\tname holds a character that was lost before.*\ta@x\.test\n$/);
  });
});

describe('the first line of a CSV file', () => {
  it.each([
    { name: 'semicolons', text: 'email;name;roles\na@x.test;A;user\n', args: [] },
    { name: 'tabs', text: 'email\tname\na@x.test\tA, B\n', args: [] },
    { name: 'empty lines before it', text: '\r\n\nemail,name\r\na@x.test,A\r\n', args: [] },
    { name: 'names of a spreadsheet', text: '"E-Mail";"Name";"Email verified"\r\na@x.test;A;yes\r\n', args: [] },
    { name: 'a delimiter that is said', text: 'name|email\nA|a@x.test\n', args: ['--delimiter', '|'] },
  ])('is understood with $name', async ({ text, args }) => {
    expect((await importText('in.csv', text, ...args)).json()).toMatchObject({ made: 1, refused: 0 });
  });

  it.each([
    {
      name: 'a column that is not known',
      text: 'email;name;phone\n',
      says: /Read with ; as delimiter, \W+phone\W+ is not one/,
    },
    { name: 'a column that is missing', text: 'email,roles\n', says: /Read with , as delimiter, name is missing/ },
    {
      name: 'a column that comes twice',
      text: 'email\tname\te-mail\n',
      says: /Read with tab as delimiter, email comes twice/,
    },
    {
      name: 'another delimiter than was said',
      text: 'email;name\n',
      args: ['--delimiter', ','],
      says: /It names none/,
    },
    { name: 'a record instead of names', text: 'canary@x.test,canary,$2b$10$canary\n', says: /It names none of them/ },
    {
      name: 'a name that cannot be shown',
      text: 'email,name,canary$2b$1\n',
      says: /a name that cannot be shown is not one/,
    },
    { name: 'nothing', text: '', says: /It is empty/ },
    {
      name: 'a delimiter that is unknown',
      text: 'email,name\n',
      args: ['--delimiter', '::'],
      says: /--delimiter is one of , {2}; {2}tab {2}\|/,
    },
  ])('is refused with $name', async ({ text, args = [], says }) => {
    const result = await importText('in.csv', text, ...args);
    expect(result.code).toBeGreaterThan(0);
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toMatch(/canary/);
  });
});

describe('an import', () => {
  it('names the address of each record that it refuses, where there is one', async () => {
    const text = [
      'email,name,roles,emailVerified',
      'A@x.test,A,king,',
      'canary,B,,',
      'c@x.test,C,,canary',
      'd@x.test,,,',
    ].join('\n');
    writeFileSync(join(place.folder, 'in.csv'), text);
    const result = await place.run(['users', 'import', 'in.csv', '--errors', 'refused.txt']);
    expect(result.errors).toMatch(/line 2 \(a@x\.test\): roles names a role/);
    expect(result.errors).toMatch(/line 3: email must look like/);
    expect(result.errors).toMatch(/line 4 \(c@x\.test\): emailVerified/);
    expect(
      reasons()
        .split('\n')
        .map((line) => line.split('\t')[2]),
    ).toEqual(['a@x.test', undefined, 'c@x.test', 'd@x.test', undefined]);
    expect(result.errors + reasons()).not.toMatch(/canary/);
  });

  it.each([
    { name: 'a file that is not there', args: ['missing.csv'] },
    { name: 'a folder', args: ['.', '--format', 'csv'] },
    { name: 'a file of no known ending', args: ['in.txt'] },
    { name: 'an unknown format', args: ['in.ndjson', '--format', 'xml'] },
    { name: 'an unknown role for all', args: ['in.ndjson', '--roles', 'king'] },
    { name: 'a file for refusals that cannot be written', args: ['in.ndjson', '--errors', 'no/such/folder'] },
  ])('of $name is refused before anything is read', async ({ args }) => {
    for (const name of ['in.txt', 'in.ndjson'])
      writeFileSync(join(place.folder, name), lines({ email: 'a@x.test', name: 'A' }));
    const result = await place.run(['users', 'import', ...args]);
    expect(result.code).toBeGreaterThanOrEqual(2);
    expect(result.errors).not.toMatch(/\n\s+at /);
  });

  it('warns of hashes that take longer than answers are held back', async () => {
    writeFileSync(
      join(place.folder, 'in.ndjson'),
      lines({ email: 'a@x.test', name: 'A', passwordHash: hash.replace('$10$', '$14$') }),
    );
    expect((await place.run(['users', 'import', 'in.ndjson'])).errors).toMatch(
      /bcrypt of cost 14[\s\S]*every answer to a sign-in back for as long/,
    );
  });

  it('that was killed is finished by running it again: no user is missing, none is there twice', async () => {
    const count = 6000;
    const file = join(place.folder, 'in.ndjson');
    writeFileSync(
      file,
      lines(...Array.from({ length: count }, (_, index) => ({ email: `p${index}@x.test`, name: 'P' }))),
    );
    await place.run(['users', 'create-admin', '--email', 'ada@x.test', '--invite']);
    const program = fileURLToPath(new URL('../main.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', program, 'users', 'import', file],
      { cwd: place.folder, env: place.environment, stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    while (child.exitCode === null && (await emails()).length < 1000) await new Promise((next) => setTimeout(next, 20));
    child.kill('SIGKILL');
    await ended;
    const before = (await emails()).length - 1;
    expect(before % 500).toBe(0);
    const result = await place.run(['users', 'import', file, '--json']);
    expect(result.json()).toMatchObject({ records: count, made: count - before, existing: before });
    expect(new Set(await emails()).size).toBe(count + 1);
  }, 60_000);
});
