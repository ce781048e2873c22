import { chmod, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenStorage } from '@sallyport/client';
import { createPrivateFileStorage } from './private-file-storage.ts';

let folder: string;
let file: string;
let storage: TokenStorage;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'terminal-client-'));
  file = path.join(folder, 'deeper', 'refresh-token');
  storage = createPrivateFileStorage(file);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (name: string): Promise<number> => (await lstat(name)).mode & 0o777;

describe('a private file', () => {
  it('holds the token for its owner alone, in a folder of the owner alone', async () => {
    await storage.write('first');
    await storage.write('second');
    expect([await storage.read(), await readFile(file, 'utf8')]).toEqual(['second', 'second\n']);
    expect([await modeOf(file), await modeOf(path.dirname(file))]).toEqual([0o600, 0o700]);
    expect(await readdir(path.dirname(file))).toEqual(['refresh-token']);
  });

  it('that is not there, or was removed, holds none', async () => {
    expect(await storage.read()).toBeUndefined();
    await storage.remove();
    await storage.write('first');
    await storage.remove();
    expect(await storage.read()).toBeUndefined();
  });

  it.each([0o640, 0o604, 0o666])('is refused when others may read or write it (%o)', async (mode) => {
    await storage.write('first');
    await chmod(file, mode);
    await expect(storage.read()).rejects.toThrow('may be read by others');
  });

  it('is not read through a link', async () => {
    await storage.write('first');
    const link = path.join(folder, 'link');
    await symlink(file, link);
    await expect(createPrivateFileStorage(link).read()).rejects.toThrow('ELOOP');
  });

  it('replaces a file that others may read by one that they may not', async () => {
    await storage.write('first');
    await rm(file);
    await writeFile(file, 'old', { mode: 0o644 });
    await storage.write('second');
    expect(await modeOf(file)).toBe(0o600);
  });
});

describe('the lock of a private file', () => {
  it('lets one of many in at a time, and the next in after a failure', async () => {
    let inside = 0;
    let most = 0;
    const work = (index: number) => async (): Promise<number> => {
      inside++;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
      if (index === 3) throw new Error('it failed');
      return index;
    };
    const others = Array.from({ length: 10 }, () => createPrivateFileStorage(file));
    const results = await Promise.allSettled(others.map(async (other, index) => other.exclusively?.(work(index))));
    expect(most).toBe(1);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(9);
  });
});
