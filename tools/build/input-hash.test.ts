import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashInputs } from './input-hash.ts';

let root: string;
let original: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'inputs-'));
  await write('app/page.tsx', 'page');
  await write('app/nested/part.ts', 'part');
  await write('lock.json', '{}');
  original = await hash();
});

afterEach(async () => rm(root, { recursive: true }));

describe('the hash of the inputs of a build', () => {
  it.each([
    { name: 'a changed file', change: () => write('app/page.tsx', 'other') },
    { name: 'a new file', change: () => write('app/new.ts', '') },
    { name: 'a removed file', change: () => rm(path.join(root, 'app/nested/part.ts')) },
    { name: 'a changed lock file', change: () => write('lock.json', '{ }') },
    {
      name: 'a text that moved from one file to the next',
      change: async () => {
        await write('app/page.tsx', 'pag');
        await write('app/nested/part.ts', 'epart');
      },
    },
  ])('notices $name', async ({ change }) => {
    await change();
    expect(await hash()).not.toBe(original);
  });

  it.each([
    'app/node_modules/a/index.js',
    'app/.next/BUILD_ID',
    'app/dist/a.js',
    'app/page.test.tsx',
    'app/part.test.js',
    'app/part.js.map',
    'app/test-support/server.ts',
    'app/store.test-support.ts',
    'app/next-env.d.ts',
  ])('does not depend on %s', async (file) => {
    await write(file, 'x');
    expect(await hash()).toBe(original);
  });

  it('depends on the salt', async () => {
    expect(await hashInputs(root, ['app', 'lock.json'], 'darwin arm64')).not.toBe(original);
  });
});

async function hash(): Promise<string> {
  return hashInputs(root, ['app', 'lock.json', 'absent']);
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}
