import { describe, expect, it } from 'vitest';
import { parseConfig } from './config/parse-config.ts';

describe('a configuration with a route to an MCP server', () => {
  const route = {
    name: 'tools',
    prefix: '/mcp',
    upstream: 'http://127.0.0.1:9',
    audience: 'tools',
    access: 'signed-in',
    permissions: ['note:*'],
    credentials: ['bearer'],
    mcp: true,
  };
  const input = {
    publicUrl: 'http://localhost:3000',
    policy: {
      permissions: { 'note:read': 'Read notes', 'note:write': 'Write notes', 'bank:rob': 'Rob a bank' },
      roles: { user: ['note:read'] },
    },
    oauthProvider: {},
    routes: [route],
  };
  const parse = (change: object) => parseConfig({ ...input, ...change }, 'test');
  const withRoute = (change: object) => ({ routes: [{ ...route, ...change }] });

  it.each([{}, withRoute({ mcp: { scopes: ['note:read'], name: 'Notes' } }), withRoute({ access: 'service' })])(
    'is taken, also with what clients ask for first and with a name (%#)',
    (change) => {
      expect(() => parse(change)).not.toThrow();
    },
  );

  it('takes opaque tokens where those of the provider are opaque', () => {
    expect(() =>
      parse({ oauthProvider: { accessTokens: 'opaque' }, ...withRoute({ credentials: ['opaque'] }) }),
    ).not.toThrow();
  });

  it.each([
    {
      name: 'there is no provider',
      change: { oauthProvider: undefined, firstPartyTokens: {} },
      message: 'routes.0.mcp',
    },
    { name: 'it says no credentials', change: withRoute({ credentials: undefined }), message: '["bearer"]' },
    { name: 'it takes sessions too', change: withRoute({ credentials: ['session', 'bearer'] }), message: '["bearer"]' },
    {
      name: 'it takes keys',
      change: { apiKeys: {}, ...withRoute({ credentials: ['api-key'] }) },
      message: 'takes the access tokens of oauthProvider and nothing else',
    },
    {
      name: 'tokens are of another kind',
      change: { oauthProvider: { accessTokens: 'opaque' }, firstPartyTokens: {} },
      message: 'routes.0.credentials  must be ["opaque"]',
    },
    { name: 'it is public', change: withRoute({ access: 'public' }), message: 'its callers have tokens' },
    { name: 'it is optional', change: withRoute({ access: 'optional' }), message: 'its callers have tokens' },
    { name: 'it is at the root', change: withRoute({ prefix: '/' }), message: 'its prefix cannot be "/"' },
    { name: 'other sites may call', change: withRoute({ csrf: 'off' }), message: 'leave csrf out' },
    { name: 'it has hosts of its own', change: withRoute({ hosts: ['a.test'] }), message: 'leave hosts out' },
    { name: 'it is a zone', change: withRoute({ zone: true }), message: 'leave zone out' },
    { name: 'it has callers', change: withRoute({ callers: ['tools'] }), message: 'leave callers out' },
    { name: 'it demands a step-up', change: withRoute({ stepUp: { acr: 'mfa' } }), message: 'leave stepUp out' },
    { name: 'it serves PUT', change: withRoute({ methods: ['POST', 'PUT'] }), message: 'Streamable HTTP knows no PUT' },
    {
      name: 'clients are told to ask for what the route does not open',
      change: withRoute({ mcp: { scopes: ['bank:rob'] } }),
      message: 'routes.0.mcp.scopes  has bank:rob, which no token for the route carries',
    },
    { name: 'mcp has a member too many', change: withRoute({ mcp: { session: true } }), message: 'routes.0.mcp' },
    { name: 'mcp is false', change: withRoute({ mcp: false }), message: 'must be true, or' },
    {
      name: 'another route stands where its metadata is',
      change: {
        routes: [
          route,
          { ...route, mcp: undefined, name: 'x', prefix: '/.well-known/oauth-protected-resource/mcp', audience: 'x' },
        ],
      },
      message: 'tie on /.well-known/oauth-protected-resource/mcp',
    },
    {
      name: 'clients by metadata document would get nothing',
      change: { oauthProvider: { clientsByMetadata: { hosts: ['a.test'] } }, ...withRoute({ mcp: undefined }) },
      message: 'opens nothing: no route has "mcp"',
    },
    {
      name: 'every host may bring clients',
      change: { oauthProvider: { clientsByMetadata: { hosts: ['*.test'] } } },
      message: 'must be one host, not a pattern',
    },
    {
      name: 'no host may bring clients',
      change: { oauthProvider: { clientsByMetadata: { hosts: [] } } },
      message: 'oauthProvider.clientsByMetadata.hosts',
    },
  ])('is refused when $name', ({ change, message }) => {
    expect(() => parse(change)).toThrow(message);
  });
});
