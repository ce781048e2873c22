import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { createImportPlace, exportedHash, toLines, type ImportPlace } from './users-import.test-support.ts';

let place: ImportPlace;
beforeEach(() => {
  place = createImportPlace();
});

describe('an import of NDJSON', () => {
  it('makes accounts, leaves those that exist alone, and may be run again', async () => {
    const text = toLines(
      { email: 'A@x.test', name: 'A', passwordHash: exportedHash, emailVerified: true, roles: ['admin'] },
      { email: 'b@x.test', name: 'B' },
      { email: 'a@x.test', name: 'Mallory' },
    );
    const first = await place.importText('in.ndjson', `\ufeff${text}\r\n\n`);
    expect(first).toMatchObject({ code: 0 });
    expect(first.json()).toEqual({ dryRun: false, records: 3, made: 2, existing: 1, refused: 0 });
    expect((await place.importText('in.ndjson', text)).json()).toMatchObject({ made: 0, existing: 3 });
    expect((await place.run(['users', 'show', 'a@x.test', '--json'])).json()).toMatchObject({
      user: { name: 'A', roles: ['admin'], emailVerified: true },
    });
    expect((await place.run(['users', 'show', 'b@x.test', '--json'])).json()).toMatchObject({
      user: { roles: ['user'], emailVerified: false },
    });
  });

  it('names the line and the reason of what it refuses, and makes the rest', async () => {
    const text = [
      toLines({ email: 'good@x.test', name: 'G' }),
      '{"email":"canary@x.test"',
      '',
      toLines({ email: 'canary', name: 'C' }),
      toLines({ email: 'c@x.test', name: 'C', passwordHash: '$2b$31$canary' }),
      toLines({ email: 'd@x.test', name: 'D', roles: ['king'] }),
      toLines({ email: 'e@x.test', name: 'E', passwrd: 'canary' }),
      '[]',
      'null',
      toLines({ email: 'f@x.test', name: 'F'.repeat(70_000) }),
      toLines({ email: 'last@x.test', name: 'L' }),
    ].join('\n');
    const result = await place.importText('in.ndjson', text, '--errors', 'refused.txt');
    expect(result.code).toBe(1);
    expect(result.json()).toMatchObject({ records: 10, made: 2, refused: 8 });
    expect(await place.emails()).toEqual(['good@x.test', 'last@x.test']);
    expect(
      place
        .reasons()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    ).toEqual(['2', '4', '5', '6', '7', '8', '9', '10', '']);
    expect(place.reasons()).toMatch(
      /2\tis not valid JSON\n4\temail must look like.*\n5\tpasswordHash is neither.*\tc@x\.test\n/,
    );
    expect(place.reasons()).toMatch(/6\troles names a role.*\td@x\.test\n7\tpasswrd is not a known field\te@x\.test\n/);
    expect(place.reasons() + result.errors).not.toMatch(/canary/);
    expect(statSync(join(place.folder, 'refused.txt')).mode & 0o077).toBe(0);
  });

  it('refuses bytes that are no text', async () => {
    const text = Buffer.concat([
      Buffer.from('{"email":"a@x.test","name":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n'),
    ]);
    expect((await place.importText('in.ndjson', text)).json()).toMatchObject({ made: 0, refused: 1 });
  });

  it('writes nothing in a dry run, and finds the same', async () => {
    await place.importText('in.ndjson', toLines({ email: 'a@x.test', name: 'A' }));
    const text = toLines({ email: 'a@x.test', name: 'A' }, { email: 'b@x.test', name: 'B' }, { email: 'x', name: 'X' });
    const result = await place.importText('in.ndjson', text, '--dry-run');
    expect(result.code).toBe(1);
    expect(result.json()).toEqual({ dryRun: true, records: 3, made: 1, existing: 1, refused: 1 });
    expect(await place.emails()).toEqual(['a@x.test']);
  });

  it('is of nothing when the file is empty', async () => {
    expect((await place.importText('in.ndjson', '')).json()).toMatchObject({ records: 0, made: 0 });
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
      place
        .reasons()
        .split('\n')
        .map((line) => line.split('\t')[2]),
    ).toEqual(['a@x.test', undefined, 'c@x.test', 'd@x.test', undefined]);
    expect(result.errors + place.reasons()).not.toMatch(/canary/);
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
      writeFileSync(join(place.folder, name), toLines({ email: 'a@x.test', name: 'A' }));
    const result = await place.run(['users', 'import', ...args]);
    expect(result.code).toBeGreaterThanOrEqual(2);
    expect(result.errors).not.toMatch(/\n\s+at /);
  });

  it('warns of hashes that take longer than answers are held back', async () => {
    writeFileSync(
      join(place.folder, 'in.ndjson'),
      toLines({ email: 'a@x.test', name: 'A', passwordHash: exportedHash.replace('$10$', '$14$') }),
    );
    expect((await place.run(['users', 'import', 'in.ndjson'])).errors).toMatch(
      /bcrypt of cost 14[\s\S]*every answer to a sign-in back for as long/,
    );
  });

  it('that was killed is finished by running it again: no user is missing, none is there twice', async () => {
    const count = 3000;
    const file = join(place.folder, 'in.ndjson');
    writeFileSync(
      file,
      toLines(...Array.from({ length: count }, (_, index) => ({ email: `p${index}@x.test`, name: 'P' }))),
    );
    await place.run(['users', 'create-admin', '--email', 'ada@x.test', '--invite']);
    const program = fileURLToPath(new URL('../main.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning', program, 'users', 'import', file],
      { cwd: place.folder, env: place.environment, stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    // Each look opens the stores, and on a busy machine takes as long as many batches: one of them is enough.
    while (child.exitCode === null && (await place.emails()).length < 500)
      await new Promise((next) => setTimeout(next, 250));
    child.kill('SIGKILL');
    await ended;
    const before = (await place.emails()).length - 1;
    expect(before % 500).toBe(0);
    const result = await place.run(['users', 'import', file, '--json']);
    expect(result.json()).toMatchObject({ records: count, made: count - before, existing: before });
    expect(new Set(await place.emails()).size).toBe(count + 1);
  }, 180_000);
});
