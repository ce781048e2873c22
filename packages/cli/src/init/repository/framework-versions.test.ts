import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frameworkRanges } from './framework-versions.ts';

describe('the versions that sallyport init takes', () => {
  it.each([
    { folder: 'nextjs', framework: 'next' },
    { folder: 'nestjs', framework: '@nestjs/core' },
  ] as const)('are those that the package $folder asks for', ({ folder, framework }) => {
    const file = new URL(`../../../../${folder}/package.json`, import.meta.url);
    const { peerDependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    expect(frameworkRanges[framework]).toBe(peerDependencies[framework]);
  });
});
