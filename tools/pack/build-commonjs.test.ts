import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildCommonJs } from './build-commonjs.ts';

let folder: string;
let stage: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-commonjs-'));
  stage = path.join(folder, 'stage');
  await mkdir(path.join(stage, 'dist'), { recursive: true });
  await mkdir(path.join(folder, 'node_modules'));
  const manifest = {
    name: 'sample',
    type: 'module',
    exports: { '.': { require: './dist/cjs/index.cjs' } },
    dependencies: { jose: '1.0.0' },
  };
  await writeFile(path.join(stage, 'package.json'), JSON.stringify(manifest));
  await writeFile(path.join(stage, 'dist/index.d.ts'), 'export {};\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a CommonJS build', () => {
  it.each([
    { name: 'an import', code: "export { jwtVerify } from 'jose';" },
    { name: 'a part of it', code: "export { jwtVerify } from 'jose/jwt/verify';" },
    { name: 'an import that waits', code: "export const load = () => import('jose');" },
  ])('is refused when a dependency that has to be inside is not there: $name', async ({ code }) => {
    await writeFile(path.join(stage, 'dist/index.js'), code);
    await expect(buildCommonJs(stage, path.join(folder, 'node_modules'))).rejects.toThrow(/jose cannot be bundled/);
  });

  it('loads what is imported late with require, because Jest has no other way', async () => {
    await writeFile(path.join(stage, 'dist/index.js'), "export const load = () => import('an-optional-peer');");
    await buildCommonJs(stage, path.join(folder, 'node_modules'));
    const built = await readFile(path.join(stage, 'dist/cjs/index.cjs'), 'utf8');
    expect(built).toContain('require("an-optional-peer")');
    expect(built).not.toMatch(/\bimport\(/);
  });
});
