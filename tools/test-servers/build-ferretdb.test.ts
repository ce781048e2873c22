import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../workspace-root.ts';
import { builtFerretdb } from './build-ferretdb.ts';
import { findMongoSource } from './mongodb.ts';

describe('the FerretDB that was built', () => {
  it("is kept in the user's cache, under a digest of its sources, and in no clone", () => {
    const file = builtFerretdb({ XDG_CACHE_HOME: path.resolve('/somewhere/cache') });
    expect(path.dirname(path.dirname(file))).toBe(path.resolve('/somewhere/cache/sallyport'));
    expect(path.basename(path.dirname(file))).toMatch(/^ferretdb-[0-9a-f]{12}$/);
    expect(path.relative(workspaceRoot, builtFerretdb({}))).toMatch(/^\.\./);
  });

  it.each([{ XDG_CACHE_HOME: '' }, { XDG_CACHE_HOME: 'relative' }, {}])(
    'is kept in the home folder with %j',
    (given) => {
      expect(builtFerretdb(given).startsWith(path.join(homedir(), '.cache', 'sallyport'))).toBe(true);
    },
  );

  it.skipIf(process.platform === 'win32')('is used again by the next run instead of being built', () => {
    const cache = mkdtempSync(path.join(tmpdir(), 'cache-'));
    const program = builtFerretdb({ XDG_CACHE_HOME: cache });
    mkdirSync(path.dirname(program), { recursive: true });
    writeFileSync(program, '');
    chmodSync(program, 0o755);
    expect(findMongoSource({ PATH: '', XDG_CACHE_HOME: cache })).toEqual({ kind: 'built-ferretdb', program });
    rmSync(cache, { recursive: true });
  });
});
