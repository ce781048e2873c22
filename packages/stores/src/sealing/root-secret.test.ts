import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStoreProcess } from '@sallyport/testing/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRootSecret } from './root-secret.ts';

const isWindows = process.platform === 'win32';
const strong = 'kJ8vQ2mXr7TzP4wYb9NcLd5HsGf3EaUq';
const subject = new URL('../keys/key-ring-subject.test-support.ts', import.meta.url).href;

describe('the root secret', () => {
  let parent: string;
  let dataDir: string;
  let file: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'sallyport-secret-'));
    dataDir = join(parent, 'data');
    file = join(dataDir, 'root-secret');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it('comes from the environment when it is there, and touches no folder', () => {
    expect(loadRootSecret({ dataDir, environmentValue: strong })).toEqual([{ version: 1, value: strong }]);
    expect(existsSync(dataDir)).toBe(false);
  });

  it.each(['', 'weak'])('is not replaced by a generated one when the environment says "%s"', (environmentValue) => {
    expect(() => loadRootSecret({ dataDir, environmentValue })).toThrow('SALLYPORT_SECRET');
    expect(existsSync(dataDir)).toBe(false);
  });

  it('is made once and found again', () => {
    const [made] = loadRootSecret({ dataDir });
    expect(Buffer.from(made?.value ?? '', 'base64url')).toHaveLength(32);
    expect(loadRootSecret({ dataDir })).toEqual([made]);
    expect(readdirSync(dataDir)).toEqual(['root-secret']);
  });

  it.skipIf(isWindows)('is readable by this user alone', () => {
    const umask = process.umask(0);
    try {
      loadRootSecret({ dataDir });
    } finally {
      process.umask(umask);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it.skipIf(isWindows)('is refused when others can read its file', () => {
    const [made] = loadRootSecret({ dataDir });
    chmodSync(file, 0o640);
    const load = (): unknown => loadRootSecret({ dataDir });
    expect(load).toThrow(/chmod 600/);
    expect(load).not.toThrow(made?.value ?? '');
  });

  it.each([
    { name: 'empty', text: '' },
    { name: 'cut off', text: '1:kJ8vQ2mXr7' },
    { name: 'weak', text: `1:${'a'.repeat(43)}` },
  ])('is never replaced when its file is $name: what was sealed under it would be lost', ({ text }) => {
    loadRootSecret({ dataDir });
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => loadRootSecret({ dataDir })).toThrow(file);
    expect(() => loadRootSecret({ dataDir })).toThrow(/Restore it/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('may hold several versions in its file too', () => {
    const [made] = loadRootSecret({ dataDir });
    writeFileSync(file, `2:${strong},1:${made?.value ?? ''}`, { mode: 0o600 });
    expect(loadRootSecret({ dataDir })).toEqual([{ version: 2, value: strong }, made]);
  });

  it('is the same for all processes that start at once', async () => {
    const processes = await Promise.all(
      Array.from({ length: 4 }, () => startStoreProcess({ module: subject, argument: dataDir })),
    );
    try {
      await Promise.all(processes.map((one) => one.open()));
      const values = await Promise.all(processes.map((one) => one.call('readSecret')));
      expect(new Set(values)).toEqual(new Set([loadRootSecret({ dataDir })[0]?.value]));
    } finally {
      await Promise.all(processes.map((one) => one.kill()));
    }
  });

  it('is whole or absent after a process was killed while it started', async () => {
    for (let round = 0; round < 6; round += 1) {
      const victim = await startStoreProcess({ module: subject, argument: dataDir });
      const opening = victim.open().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      await victim.kill();
      await opening;
      const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
      const [made] = loadRootSecret({ dataDir });
      expect(Buffer.from(made?.value ?? '', 'base64url')).toHaveLength(32);
      if (before !== undefined) expect(readFileSync(file, 'utf8')).toBe(before);
      rmSync(dataDir, { recursive: true });
    }
  });
});
