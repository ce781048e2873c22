import { expect, it } from 'vitest';
import { findLockFileProblems } from './lock-file.ts';

it.each([
  {
    name: 'an address of a registry',
    entry: { resolved: 'https://registry.example/a.tgz', integrity: 'sha512-x' },
    problem: 'an address is recorded: node_modules/a',
  },
  { name: 'an entry without integrity', entry: {}, problem: 'no integrity: node_modules/a' },
  {
    name: 'a platform package that is missing',
    entry: { integrity: 'sha512-x', optionalDependencies: { 'a-win32': '1.0.0' } },
    problem: 'the platform package a-win32 of node_modules/a is missing',
  },
])('the check of the lock file finds $name', ({ entry, problem }) => {
  expect(findLockFileProblems({ packages: { '': {}, 'node_modules/a': entry } })).toEqual([problem]);
});

it('the check of the lock file accepts links to workspaces, bundled packages and complete entries', () => {
  const packages = {
    '': {},
    'packages/core': {},
    'node_modules/@sallyport/core': { resolved: 'packages/core', link: true },
    'node_modules/a': { integrity: 'sha512-x', optionalDependencies: { 'a-win32': '1.0.0' } },
    'node_modules/a/node_modules/a-win32': { integrity: 'sha512-y' },
    'node_modules/b/node_modules/c': { inBundle: true },
  };
  expect(findLockFileProblems({ packages })).toEqual([]);
});
