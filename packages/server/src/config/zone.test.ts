import { createRouteTable } from '@sallyport/gateway';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse-config.ts';
import { zone, type ZoneInput } from './zone.ts';

const upstream = 'http://portal:3000';
const policy = { permissions: { 'product:read': 'Read products' }, roles: { user: [], vendor: ['product:read'] } };

describe('zone() refuses', () => {
  it.each([
    { what: 'a name with a slash', name: 'a/b', options: {} },
    { what: 'a name with capitals', name: 'Portal', options: {} },
    { what: 'an empty name', name: '', options: {} },
    { what: 'a mount without a slash', name: 'portal', options: { mount: 'portal' } },
    { what: 'a mount that climbs', name: 'portal', options: { mount: '/../x' } },
    { what: 'a mount with a slash at its end', name: 'portal', options: { mount: '/portal/' } },
    { what: 'a mount in the place of assets', name: 'portal', options: { mount: '/_next' } },
    { what: 'a name among its options', name: 'portal', options: { name: 'other' } },
    { what: 'a prefix among its options', name: 'portal', options: { prefix: '/other' } },
    { what: 'a prefix that is stripped', name: 'portal', options: { stripPrefix: true } },
  ])('$what', ({ name, options }) => {
    // What a configuration without types may hold.
    const given = { upstream, access: 'signed-in', ...options } as ZoneInput;

    expect(() => zone(name, given)).toThrow(expect.objectContaining({ code: 'SP_OPTIONS_INVALID' }));
  });

  it('nothing that the configuration refuses', () => {
    const given = { upstream: 'portal:3000', access: 'signed-in', colour: 'red' } as ZoneInput;
    const routes = [...zone('portal', given)];

    expect(() => parseConfig({ publicUrl: 'http://localhost:3000', policy, routes }, 'test')).toThrow(/routes\.0/);
  });
});

describe('zone()', () => {
  it('gives the route of the pages and the public one of their assets', () => {
    expect(zone('portal', { upstream, access: { roles: ['vendor'] }, permissions: ['product:*'] })).toEqual([
      {
        name: 'portal',
        prefix: '/portal',
        upstream,
        audience: 'portal',
        access: { roles: ['vendor'] },
        permissions: ['product:*'],
        profile: true,
        zone: true,
      },
      { name: 'portal-assets', prefix: '/_zones/portal', upstream, audience: 'portal', access: 'public', slide: false },
    ]);
  });

  it('leaves the assets of the shell where Next.js puts them', () => {
    expect(zone('web', { mount: '/', upstream, access: 'optional' }).map(({ prefix }) => prefix)).toEqual([
      '/',
      '/_next',
    ]);
  });

  it('keeps a zone with hosts of its own, and its assets, on them', () => {
    const routes = zone('admin', { mount: '/', hosts: ['admin.example.com'], upstream, access: 'signed-in' });

    expect(routes.map(({ hosts }) => hosts)).toEqual([['admin.example.com'], ['admin.example.com']]);
  });

  it('lets a zone choose its audience and leave names out of its tokens', () => {
    const [pages, assets] = zone('portal', { upstream, access: 'signed-in', audience: 'vendors', profile: false });

    expect([pages.audience, assets.audience, pages.profile]).toEqual(['vendors', 'vendors', false]);
  });

  it('makes routes that the gateway takes and that lead each path to its zone, for any zones', () => {
    const segment = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).filter((name) => name !== 'auth');
    const zones = fc.uniqueArray(
      fc.record({ name: segment, access: fc.constantFrom('public', 'optional', 'signed-in' as const) }),
      { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(zones, (chosen) => {
        const named = chosen.filter(({ name }) => !chosen.some((other) => name === `${other.name}-assets`));
        const routes = named.flatMap(({ name, access }, index) => [
          ...zone(name, { access, upstream: `http://${name}:3000`, ...(index === 0 ? { mount: '/' } : {}) }),
        ]);
        const config = parseConfig({ publicUrl: 'http://localhost:3000', policy, routes }, 'test');
        const table = createRouteTable(config.routes, []);

        const leadsTo = (path: string) => table.findIfAny('localhost:3000', 'GET', path);
        for (const [index, { name, access }] of named.entries()) {
          const assets = index === 0 ? '/_next' : `/_zones/${name}`;
          expect(leadsTo(`${assets}/_next/static/chunks/main.js`)).toMatchObject({
            name: `${name}-assets`,
            access: 'public',
          });
          expect(leadsTo(index === 0 ? '/any/page' : `/${name}/any/page`)).toMatchObject({ name, access });
        }
      }),
    );
  });
});
