import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFolders } from './watch-folders.ts';

let root: string;
let seen: string[];
let stopping: AbortController;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'watched-'));
  mkdirSync(at('src/deep'), { recursive: true });
  mkdirSync(at('node_modules/x'), { recursive: true });
  writeFileSync(at('src/deep/a.ts'), '1');
  seen = [];
  stopping = new AbortController();
  watchFolders([root], {
    onChange: (file) => seen.push(path.relative(root, file).replaceAll('\\', '/')),
    onError: (error) => {
      throw error;
    },
    signal: stopping.signal,
  });
});

afterEach(() => {
  stopping.abort();
  rmSync(root, { recursive: true });
});

describe('a watch over folders', () => {
  it('notices a file that is saved in place, each time', async () => {
    for (const text of ['2', '3']) await expectNotice('src/deep/a.ts', () => writeFileSync(at('src/deep/a.ts'), text));
  });

  it('notices a file in whose place another is put, each time', async () => {
    for (const text of ['2', '3', '4']) {
      await expectNotice('src/deep/a.ts', () => {
        writeFileSync(at('src/deep/a.ts.new'), text);
        renameSync(at('src/deep/a.ts.new'), at('src/deep/a.ts'));
      });
    }
    await expectNotice('src/deep/a.ts', () => writeFileSync(at('src/deep/a.ts'), '5'));
  });

  it('notices what is in a new folder, and in one that came back', async () => {
    const create = (): void => {
      mkdirSync(at('src/new/er'), { recursive: true });
      writeFileSync(at('src/new/er/b.ts'), '1');
    };
    await expectNotice('src/new/er/b.ts', create);
    await expectNotice('src/new', () => rmSync(at('src/new'), { recursive: true }));
    await expectNotice('src/new/er/b.ts', create);
    await expectNotice('src/new/er/b.ts', () => writeFileSync(at('src/new/er/b.ts'), '2'));
  });

  it('does not look at what is installed or built', async () => {
    writeFileSync(at('node_modules/x/index.js'), '1');
    mkdirSync(at('src/dist'));
    writeFileSync(at('src/dist/a.js'), '1');
    await expectNotice('src/deep/a.ts', () => writeFileSync(at('src/deep/a.ts'), '2'));
    expect(seen.filter((file) => /node_modules|dist/.test(file))).toEqual([]);
  });
});

async function expectNotice(file: string, change: () => void): Promise<void> {
  seen.length = 0;
  change();
  await expect.poll(() => seen).toContain(file);
}

function at(file: string): string {
  return path.join(root, file);
}
