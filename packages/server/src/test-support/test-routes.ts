import type { ConfigInput } from '../config/config-schema.ts';

/** Routes of every kind of access, all to the same upstream. */
export function testRoutes(to: string): ConfigInput['routes'] {
  return [
    { name: 'open', prefix: '/open', upstream: to, audience: 'open', access: 'public' },
    {
      name: 'shop',
      prefix: '/api/shop',
      upstream: to,
      stripPrefix: true,
      audience: 'shop',
      access: 'signed-in',
      permissions: ['product:*'],
    },
    { name: 'manage', prefix: '/manage', upstream: to, audience: 'manage', zone: true, access: { roles: ['admin'] } },
    { name: 'gone', prefix: '/gone', upstream: 'http://127.0.0.1:9', audience: 'gone', access: 'public' },
  ];
}
