import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withBuildLock } from './build-lock.ts';

let root: string;
let lockFile: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lock-'));
  lockFile = path.join(root, 'node_modules/.cache/sallyport/build.lock');
});

afterEach(async () => rm(root, { recursive: true }));

describe('the build lock', () => {
  it('lets one build run after the other', async () => {
    let running = 0;
    let most = 0;
    const build = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withBuildLock(root, undefined, build)));
    expect(most).toBe(1);
    expect(existsSync(lockFile)).toBe(false);
  });

  it('is given back when the build fails', async () => {
    const failing = withBuildLock(root, undefined, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    await expect(withBuildLock(root, undefined, () => Promise.resolve('built'))).resolves.toBe('built');
  });

  it('is taken over from a process that no longer lives', async () => {
    await mkdir(path.dirname(lockFile), { recursive: true });
    await writeFile(lockFile, '999999999');
    await expect(withBuildLock(root, undefined, () => Promise.resolve('built'))).resolves.toBe('built');
  });

  it('stops waiting when it is told to', async () => {
    await mkdir(path.dirname(lockFile), { recursive: true });
    await writeFile(lockFile, String(process.pid));
    const stop = new AbortController();
    const waiting = withBuildLock(root, stop.signal, () => Promise.resolve());
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});
