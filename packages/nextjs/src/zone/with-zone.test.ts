import { OptionsError } from '@sallyport/core/browser';
import type { NextConfig } from 'next';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withZone, type ZoneOptions } from './with-zone.ts';

afterEach(() => vi.unstubAllEnvs());

describe('withZone() refuses', () => {
  it.each([
    { name: 'a name with a slash', config: {}, zone: { name: 'a/b' } },
    { name: 'a name with capitals', config: {}, zone: { name: 'Account' } },
    { name: 'an empty name', config: {}, zone: { name: '' } },
    { name: 'a mount without a slash', config: {}, zone: { name: 'account', mount: 'account' } },
    { name: 'a mount that climbs', config: {}, zone: { name: 'account', mount: '/../x' } },
    { name: 'a mount with an empty segment', config: {}, zone: { name: 'account', mount: '//x' } },
    { name: "the application's own asset prefix", config: { assetPrefix: '/x' }, zone: { name: 'account' } },
    { name: 'the name of the path of all zones', config: {}, zone: { name: 'shared' } },
    { name: 'a base path', config: { basePath: '/account' }, zone: { name: 'account' } },
  ] satisfies readonly { name: string; config: NextConfig; zone: ZoneOptions }[])('$name', ({ config, zone }) => {
    expect(() => withZone(config, zone)).toThrow(OptionsError);
  });
});

describe('withZone()', () => {
  it('puts the assets of a zone under its name', () => {
    expect(withZone({}, { name: 'account' })).toMatchObject({
      assetPrefix: '/_zones/account',
      output: 'standalone',
      poweredByHeader: false,
      reactStrictMode: true,
      experimental: { authInterrupts: true },
      images: { unoptimized: true },
    });
  });

  it('leaves the assets of the shell at the root', () => {
    expect(withZone({}, { name: 'shell', mount: '/' })).not.toHaveProperty('assetPrefix');
  });

  it.each([
    { name: 'a zone', zone: { name: 'account' }, own: '/_zones/account' },
    { name: 'the shell', zone: { name: 'shell', mount: '/' }, own: undefined },
  ])(
    'takes the assets of $name from the path of all zones where it is asked to, but not in development',
    ({ zone, own }) => {
      expect(withZone({}, zone).assetPrefix).toBe(own);
      expect(withZone({}, { ...zone, sharedAssets: true }).assetPrefix).toBe('/_zones/shared');
      vi.stubEnv('NODE_ENV', 'development');
      expect(withZone({}, { ...zone, sharedAssets: true }).assetPrefix).toBe(own);
    },
  );

  it('finds the packages of the repository', () => {
    expect(withZone({ turbopack: { rules: {} } }, { name: 'shell', repositoryRoot: '/repo' })).toMatchObject({
      outputFileTracingRoot: '/repo',
      turbopack: { root: '/repo', rules: {} },
    });
  });

  it('keeps what the application chose', () => {
    const config: NextConfig = {
      reactStrictMode: false,
      typedRoutes: true,
      experimental: { taint: true },
      images: { formats: ['image/webp'] },
    };

    expect(withZone(config, { name: 'account' })).toMatchObject({
      reactStrictMode: false,
      typedRoutes: true,
      experimental: { taint: true, authInterrupts: true },
      images: { formats: ['image/webp'], unoptimized: true },
    });
  });

  it("sends the security headers with everything, then the application's own", async () => {
    const own = { source: '/x', headers: [{ key: 'X-Own', value: '1' }] };

    const rules = await withZone({ headers: async () => [own] }, { name: 'account' }).headers?.();

    expect(rules?.map((rule) => rule.source)).toEqual(['/:path*', '/x']);
    expect(Object.fromEntries(rules?.[0]?.headers.map(({ key, value }) => [key, value]) ?? [])).toMatchObject({
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'same-origin',
    });
  });

  it('keeps builds of two zones apart although they share an id', async () => {
    const config: NextConfig = { deploymentId: '42', generateBuildId: async () => '42' };
    const [account, shell] = [withZone(config, { name: 'account' }), withZone(config, { name: 'shell', mount: '/' })];

    expect([account.deploymentId, shell.deploymentId]).toEqual(['account-42', 'shell-42']);
    expect([await account.generateBuildId?.(), await shell.generateBuildId?.()]).toEqual(['account-42', 'shell-42']);
  });
});
