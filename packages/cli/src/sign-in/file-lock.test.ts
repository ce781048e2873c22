import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-lock-'));
  lock = join(folder, 'sign-in.json.lock');
});

it('a lock that was left behind is taken over by one after the other', async () => {
  writeFileSync(lock, '1 gone');
  utimesSync(lock, new Date(0), new Date(0));
  let [running, most] = [0, 0];
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await sleep(20);
    running -= 1;
  };
  await Promise.all(Array.from({ length: 3 }, () => withFileLock(lock, work)));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

it('a lock that another process took over meanwhile is not given back', async () => {
  await withFileLock(lock, async () => writeFileSync(lock, '2 another'));
  expect(readFileSync(lock, 'utf8')).toBe('2 another');
});

it('a lock is given back where the work fails', async () => {
  const work = withFileLock(lock, () => Promise.reject(new Error('no')));
  await expect(work).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});
