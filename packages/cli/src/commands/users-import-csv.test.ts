import { beforeEach, describe, expect, it } from 'vitest';
import { createImportPlace, exportedHash, type ImportPlace } from './users-import.test-support.ts';

let place: ImportPlace;
beforeEach(() => {
  place = createImportPlace();
});

describe('an import of CSV', () => {
  it('reads quoted fields, roles and truths', async () => {
    const text = [
      '\ufeffemail,name,passwordHash,roles,emailVerified',
      `a@x.test,"Doe, ""Jo""",${exportedHash},admin;user,yes`,
      'b@x.test,B,,,',
      '',
      'c@x.test,C,,vendor user,0',
    ].join('\r\n');
    expect((await place.importText('in.csv', text)).json()).toMatchObject({ records: 3, made: 3, refused: 0 });
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
    const result = await place.importText('in.csv', text, '--errors', 'refused.txt');
    expect(result.json()).toMatchObject({ made: 2, refused: 3 });
    expect(await place.emails()).toEqual(['a@x.test', 'e@x.test']);
    expect(
      place
        .reasons()
        .split('\n')
        .map((line) => line.split('\t')[0])
        .sort((a = '', b = '') => a.localeCompare(b)),
    ).toEqual(['', '3', '4', '5']);
    expect(place.reasons() + result.errors).not.toMatch(/canary/);
  });

  it.each(['', 'mail,name\n', 'email\n', 'email,name,email\n', 'email,name,password\n', '"email,name\n'])(
    'is refused as a whole when its first line is %j',
    async (text) => {
      const result = await place.importText('in.csv', `${text}a@x.test,A,canary\n`);
      expect(result.code).not.toBe(0);
      expect(await place.emails()).toEqual([]);
      expect(result.errors).not.toMatch(/canary|\n\s+at /);
    },
  );
});

it('a CSV file whose first line is too long is refused as a whole: the second line is not its header', async () => {
  const result = await place.importText('in.csv', `${'x'.repeat(70_000)}\nemail,name\na@x.test,A\n`);
  expect(result.code).toBeGreaterThan(0);
  expect(result.errors).toMatch(/first line .* longer than 65536 bytes/);
  expect(await place.emails()).toEqual([]);
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
    const result = await place.importText('in.csv', text, ...args);
    expect(result.code).toBeGreaterThan(0);
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toMatch(/ller|\ufffd|\n\s+at /);
    expect(await place.emails()).toEqual([]);
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
    expect((await place.importText('in.csv', text, ...args)).json()).toMatchObject({ made: 1, refused: 0 });
    expect((await place.run(['users', 'show', 'a@x.test', '--json'])).json()).toMatchObject({
      user: { name: 'M\u00fcller \u20ac' },
    });
  });

  it('is not asked of NDJSON, which is UTF-8, nor is a delimiter', async () => {
    for (const option of ['--encoding=utf-8', '--delimiter=;'])
      expect(await place.importText('in.ndjson', '', option)).toMatchObject({ code: 2 });
  });

  it('that lost a character before is noticed by the sign that stands for it', async () => {
    const result = await place.importText('in.csv', `${head}a@x.test,M\ufffdller,\n`, '--errors', 'refused.txt');
    expect(result.json()).toMatchObject({ made: 0, refused: 1 });
    expect(place.reasons()).toMatch(/^2\tname holds a character that was lost before.*\ta@x\.test\n$/);
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
    expect((await place.importText('in.csv', text, ...args)).json()).toMatchObject({ made: 1, refused: 0 });
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
    const result = await place.importText('in.csv', text, ...args);
    expect(result.code).toBeGreaterThan(0);
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toMatch(/canary/);
  });
});
