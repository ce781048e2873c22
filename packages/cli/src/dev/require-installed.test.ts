import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireInstalled } from './require-installed.ts';

const web = JSON.stringify({ dependencies: { next: '16.4.5', '@sallyport/nextjs': 'file:x', react: '19.0.0' } });
const api = JSON.stringify({ dependencies: { '@nestjs/core': '12.0.0' } });
const development = {
  applications: [
    { name: 'web', folder: 'web', run: 'npm run dev' },
    { name: 'api', folder: './services/api', run: 'npm run start:dev' },
  ],
};

function check(files: Readonly<Record<string, string>>): () => void {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-installed-'));
  for (const [file, text] of Object.entries({ 'web/package.json': web, 'services/api/package.json': api, ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return () => requireInstalled(development, root);
}

const installed = (folder: string, ...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [join(folder, 'node_modules', name, 'package.json'), '{}']));

describe('sallyport dev, where packages of applications are not installed,', () => {
  it.each([
    {
      name: 'those with a lock file each',
      files: { 'web/package-lock.json': '', 'services/api/yarn.lock': '' },
      says: /web has no next, @sallyport\/nextjs\n {2}api has no @nestjs\/core\n.*\n {2}\(cd web && npm install\)\n {2}\(cd services\/api && yarn install\)$/,
    },
    {
      name: 'those with one lock file at the root, and says it once',
      files: { 'pnpm-lock.yaml': '' },
      says: /Run this first:\n {2}pnpm install$/,
    },
    { name: 'those without any lock file', files: {}, says: /\(cd web && npm install\)/ },
    {
      name: 'with the names of what is missing alone',
      files: { 'package-lock.json': '', ...installed('', 'next', '@nestjs/core') },
      says: /^Packages are not installed:\n {2}web has no @sallyport\/nextjs\nRun this first:\n {2}npm install$/,
    },
  ])('refuses $name', ({ files, says }) => {
    expect(check(files)).toThrow(says);
  });

  it.each([
    { name: 'are at the root', files: installed('', 'next', '@sallyport/nextjs', '@nestjs/core') },
    {
      name: 'are in their folders',
      files: { ...installed('web', 'next', '@sallyport/nextjs'), ...installed('services/api', '@nestjs/core') },
    },
    { name: 'are in an archive of Yarn', files: { '.pnp.cjs': '' } },
    { name: 'are none', files: { 'web/package.json': '{}', 'services/api/package.json': 'no JSON' } },
  ])('does not refuse those whose packages $name', ({ files }) => {
    expect(check(files)).not.toThrow();
  });
});
