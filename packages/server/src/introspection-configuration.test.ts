import { describe, expect, it } from 'vitest';
import { parseConfig } from './config/parse-config.ts';

describe('a configuration with introspection', () => {
  const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
  const permissions = { 'invoice:read': 'Read invoices', 'billing:introspect': 'Ask as billing' };
  const input = {
    publicUrl: 'http://localhost:3000',
    policy: { permissions, roles: { user: ['invoice:read'], billing: ['billing:introspect'] } },
    apiKeys: {},
    firstPartyTokens: {},
    introspection: { services: { billing: { permissions: ['invoice:*'] } } },
    routes: [route],
  };
  const parse = (change: object) => () => parseConfig({ ...input, ...change }, 'test');

  it('names services by their audiences', () => {
    expect(parse({})).not.toThrow();
  });

  it.each([
    { name: 'there are no tokens', change: { firstPartyTokens: undefined }, message: 'needs firstPartyTokens' },
    { name: 'there are no keys', change: { apiKeys: undefined }, message: 'needs apiKeys' },
    {
      name: 'no role holds the permission of a service',
      change: { policy: { permissions, roles: { user: ['invoice:read'] } } },
      message: 'no role of the policy holds billing:introspect',
    },
    {
      name: 'a service is to be told of a permission that there is not',
      change: { introspection: { services: { billing: { permissions: ['order:*'] } } } },
      message: 'introspection.services.billing.permissions',
    },
    { name: 'it names no service', change: { introspection: { services: {} } }, message: 'must name a service' },
    {
      name: 'a service has a name that is no audience',
      change: { introspection: { services: { 'Billing!': {} } } },
      message: 'introspection',
    },
    {
      name: 'a service has a member too many',
      change: { introspection: { services: { billing: { secret: 'x' } } } },
      message: 'secret',
    },
    {
      name: 'a route stands in its way',
      change: { routes: [{ ...route, prefix: '/oauth2/introspect' }] },
      message: 'tie on /oauth2/introspect',
    },
  ])('is refused when $name', ({ change, message }) => {
    expect(parse(change)).toThrow(message);
  });
});
