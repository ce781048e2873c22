import { describe, expect, it } from 'vitest';
import { readFixture } from './fixtures.test-support.ts';
import { editNextConfig } from './edit-next-config.ts';

const edit = (text: string, file = 'next.config.ts', isRootOfItsOwn = false) =>
  editNextConfig(text, file, { name: 'web', isRootOfItsOwn });

function changed(text: string, file?: string): string {
  const result = edit(text, file);
  if (result.kind !== 'changed') throw new Error(JSON.stringify(result));
  expect(edit(result.text, file)).toEqual({ kind: 'unchanged' });
  return result.text;
}

describe('a configuration of Next.js is left alone', () => {
  it.each([
    { name: 'that is a function', text: `export default function config() { return {}; }`, reason: /wrapped/ },
    { name: 'that is an arrow function', text: `export default (phase) => ({});`, reason: /not an object/ },
    {
      name: 'that is a name for one',
      text: `const config = async () => ({});\nexport default config;`,
      reason: /object/,
    },
    { name: 'that comes from elsewhere', text: `import config from "./x";\nexport default config;`, reason: /object/ },
    { name: 'that exports nothing', text: `const config = {};`, reason: /exports nothing/ },
    { name: 'that moves assets itself', text: `export default { assetPrefix: '/x' };`, reason: /assetPrefix/ },
    { name: 'that has a base path', text: `const c = { basePath: '/x' };\nexport default c;`, reason: /basePath/ },
    {
      name: 'that has a withZone of its own',
      text: `import { withZone } from "./ours";\nexport default withZone({});`,
      reason: /not ours/,
    },
  ])('$name', ({ text, reason }) => {
    const result = edit(text);
    expect(result.kind === 'not-understood' ? result.reason : result.kind).toMatch(reason);
  });

  it('that cannot be parsed', () => {
    expect(() => edit(`export default {`)).toThrow(/next\.config\.ts cannot be read: line 1/);
  });
});

describe('a configuration of Next.js is wrapped', () => {
  it('as create-next-app writes it, without what does not go with a nonce', () => {
    const text = readFixture('next-config-before');
    expect(changed(text)).toBe(readFixture('next-config-after'));
    expect(edit(text)).toMatchObject({ notes: [expect.stringContaining('cacheComponents'), expect.anything()] });
  });

  it.each([
    {
      name: 'as an object',
      text: `export default { reactStrictMode: true };`,
      has: 'withZone({ reactStrictMode: true }, {',
    },
    {
      name: 'that satisfies its type',
      text: `const c = { images: {} } satisfies NextConfig;\nexport default c;`,
      has: `withZone(c, { name: 'web', mount: '/' });`,
    },
    {
      name: 'inside a plugin',
      text: `const nextConfig = {};\nexport default withMDX(nextConfig);`,
      has: `withMDX(withZone(nextConfig, { name: 'web', mount: '/' }));`,
    },
    {
      name: 'inside two plugins, one of which was made there',
      text: `const nextConfig = {};\nexport default withA(createNextIntlPlugin()(nextConfig), { silent: true });`,
      has: `withA(createNextIntlPlugin()(withZone(nextConfig, { name: 'web', mount: '/' })), { silent: true });`,
    },
    {
      name: 'inside a plugin, by a name for all of it',
      text: `const config = withMDX({ pageExtensions: ['mdx'] });\nexport default config;`,
      has: `const config = withMDX(withZone({ pageExtensions: ['mdx'] }, { name: 'web', mount: '/' }));`,
    },
  ])('$name', ({ text, has }) => {
    expect(changed(text)).toContain(has);
  });

  it('in CommonJS, and the comment with its type stays with it', () => {
    expect(changed(readFixture('next-config-commonjs-before'), 'next.config.js')).toBe(
      readFixture('next-config-commonjs-after'),
    );
  });

  it('with the folder of its lock file, where the gateway has one above it', () => {
    expect(edit('export default {};', 'next.config.mjs', true)).toEqual({
      kind: 'changed',
      text: `import { withZone } from '@sallyport/nextjs/zone';\n\nexport default withZone({}, { name: 'web', mount: '/', repositoryRoot: process.cwd() });`,
      notes: [],
    });
  });
});
