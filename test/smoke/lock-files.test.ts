import { describe, expect, it } from 'vitest';
import { broughtAlong, findLocalTies, findOtherVersions, type LockFile } from './lock-files.ts';
import { createStepClock, showBytes } from './step-clock.ts';

const theirs: LockFile = {
  packages: {
    '': { dependencies: { sallyport: 'file:x', next: '1' } },
    'node_modules/sallyport': {
      version: '0.1.0',
      resolved: 'file:packs/sallyport.tgz',
      dependencies: { '@sallyport/core': '0.1.0' },
    },
    'node_modules/@sallyport/core': {
      version: '0.1.0',
      resolved: 'file:packs/core.tgz',
      dependencies: { jose: '1', zod: '1' },
    },
    'node_modules/@sallyport/core/node_modules/zod': { version: '2.0.0' },
    'node_modules/jose': { version: '1.0.0' },
    'node_modules/zod': { version: '9.0.0' },
    'node_modules/next': { version: '7.0.0' },
  },
};
const ours = (zod: string): LockFile => ({
  packages: {
    'node_modules/@sallyport/core': { link: true },
    'node_modules/jose': { version: '1.0.0' },
    'packages/core/node_modules/zod': { version: zod },
  },
});

describe('versions outside', () => {
  it('are those of all that our packages bring along, and of nothing else', () => {
    expect(broughtAlong(theirs)).toEqual(['node_modules/@sallyport/core/node_modules/zod', 'node_modules/jose']);
  });

  it('are named when they are others', () => {
    expect(findOtherVersions(theirs, ours('2.0.0'))).toEqual([]);
    expect(findOtherVersions(theirs, ours('1.9.0'))).toEqual(['zod 2.0.0 instead of 1.9.0']);
    expect(findOtherVersions(theirs, { packages: {} })).toContain('jose 1.0.0 instead of none');
  });
});

it('a lock file is tied to a machine by links and by files elsewhere', () => {
  expect(findLocalTies(theirs, 'packs')).toEqual([]);
  expect(findLocalTies(theirs, 'other')).toHaveLength(2);
  const linked: LockFile = {
    packages: {
      'node_modules/a': { link: true, resolved: '../clone/packages/a' },
      'node_modules/b': { resolved: '../clone/packages/b' },
      'node_modules/c': { resolved: 'https://registry.example/c.tgz' },
    },
  };
  expect(findLocalTies(linked, 'packs')).toEqual([
    'node_modules/a is a link',
    'node_modules/b comes from ../clone/packages/b',
  ]);
});

it('a step is timed whether or not it is done', async () => {
  let now = 0;
  const clock = createStepClock(() => now);
  await clock.take('One', async (note) => {
    now += 1500;
    note(showBytes(3000));
  });
  const failing = clock.take('Two', async () => {
    now += 1000;
    throw new Error('failed');
  });
  await expect(failing).rejects.toThrow('failed');
  expect(clock.lines()).toEqual(['    1.5 s  One, 3 KiB', '    1.0 s  Two', '    2.5 s  All']);
});
