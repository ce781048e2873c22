import { routeSchema, type Route } from '@sallyport/core';

/** The routes of the demo, all in front of one upstream. */
export function gatewayRoutes(upstreamPort: number): readonly Route[] {
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const shell = { audience: 'shell', upstream };
  const account = { audience: 'account', upstream };
  return [
    {
      name: 'shop',
      prefix: '/api/shop',
      audience: 'shop',
      upstream,
      access: 'signed-in',
      stripPrefix: true,
      permissions: ['product:*'],
    },
    { ...account, name: 'account', prefix: '/account', access: 'signed-in', profile: true, permissions: ['*'] },
    { ...account, name: 'account-assets', prefix: '/_zones/account', access: 'public', slide: false },
    { ...shell, name: 'shell-assets', prefix: '/_next', access: 'public', slide: false },
    { ...shell, name: 'shell', prefix: '/', access: 'optional', profile: true, permissions: ['*'] },
  ].map((route) => routeSchema.parse(route));
}
