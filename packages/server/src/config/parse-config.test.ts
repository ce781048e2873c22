import { describe, expect, it } from 'vitest';
import { ConfigurationError } from './configuration-error.ts';
import { mountPlaces } from '../mount-places.ts';
import { parseConfig } from './parse-config.ts';

const route = {
  name: 'shop',
  prefix: '/api/shop',
  upstream: 'http://127.0.0.1:4000',
  audience: 'shop',
  access: 'signed-in',
};
const valid = {
  publicUrl: 'https://app.example.com',
  policy: { permissions: { 'product:read': 'List and read products' }, roles: { user: ['product:read'] } },
  routes: [route],
};

const reports = { permissions: { 'report:read': 'Reads reports' }, roles: { user: [] } };

const badHosts = ['not a host!', 'a b', 'https://a.example', 'a.example/', '*', '*.', 'a:', ''];
const badNetworks = ['everybody', '0.0.0.0/0', '10.0.0.0/33', '::/0', 'a.example', ''];
const asRoute = (change: object) => ({ routes: [{ ...route, ...change }] });

describe('what the gateway would refuse later', () => {
  it.each([
    ...badHosts.flatMap((host) => [
      { key: 'hosts.0', value: host, change: { hosts: [host] } },
      { key: 'internal.hosts.0', value: host, change: { internal: { hosts: [host] } } },
      { key: 'routes.0.hosts.0', value: host, change: asRoute({ hosts: [host] }) },
    ]),
    ...badNetworks.flatMap((network) => [
      { key: 'trustedProxies.0', value: network, change: { trustedProxies: [network] } },
      { key: 'forwardAuth.proxies.0', value: network, change: { forwardAuth: { port: 1, proxies: [network] } } },
    ]),
    ...[1, 31_535_999, 315_360_001, 4e8, -1].map((maxAgeSeconds) => ({
      key: 'hsts.maxAgeSeconds',
      value: maxAgeSeconds,
      change: { hsts: { maxAgeSeconds } },
    })),
    ...[{ limits: { requests: [byKey()] } }, { limits: { authRequests: [byKey()] } }].map((change) => ({
      key: `limits.${Object.keys(change.limits).join('')}.0.per`,
      value: 'key',
      change,
    })),
    { key: 'routes.0.limits.requests.0.per', value: 'key', change: asRoute({ limits: { requests: [byKey()] } }) },
    {
      key: 'limits.authRequests.0.per',
      value: 'key',
      change: { ...asRoute({ credentials: ['api-key'] }), apiKeys: {}, limits: { authRequests: [byKey()] } },
    },
    { key: 'routes', value: 'api-key', change: asRoute({ credentials: ['api-key'] }) },
    {
      key: 'routes.0.access.roles',
      value: 'user',
      change: { apiKeys: {}, ...asRoute({ credentials: ['api-key'], access: { roles: ['user'] } }) },
    },
    { key: 'apiKeys.usualDays', value: 31, change: { apiKeys: { maxDays: 30, usualDays: 31 } } },
    { key: 'apiKeys.maxPerOwner', value: 0, change: { apiKeys: { maxPerOwner: 0 } } },
    { key: 'apiKeys.overlapSeconds', value: -1, change: { apiKeys: { overlapSeconds: -1 } } },
    { key: 'administration.usersApi', value: 'without API keys', change: withUsersApi({ apiKeys: undefined }) },
    {
      key: 'administration.usersApi',
      value: 'without a permission',
      change: withUsersApi({ policy: { permissions: { 'a:b': 'A' }, roles: { user: ['a:b'] } } }),
    },
    { key: 'routes', value: 'manage-users', change: { ...withUsersApi(), ...asRoute({ name: 'manage-users' }) } },
    { key: 'routes', value: '/manage/users', change: { ...withUsersApi(), ...asRoute({ prefix: '/manage/users' }) } },
    {
      key: 'administration.usersApi.requests.0.max',
      value: 0,
      change: withUsersApi({ administration: { usersApi: { requests: [{ per: 'key', max: 0, seconds: 60 }] } } }),
    },
    { key: 'oauthProvider.clients.api', value: 'without API keys', change: withClientsApi({ apiKeys: undefined }) },
    {
      key: 'oauthProvider.clients.api',
      value: 'without a permission',
      change: withClientsApi({ policy: { permissions: { 'a:b': 'A' }, roles: { user: ['a:b'] } } }),
    },
    {
      key: 'routes',
      value: '/manage/oauth-clients',
      change: { ...withClientsApi(), ...asRoute({ prefix: '/manage/oauth-clients' }) },
    },
    {
      key: 'oauthProvider.clients.secretOverlapSeconds',
      value: -1,
      change: { oauthProvider: { clients: { secretOverlapSeconds: -1 } } },
    },
    { key: 'oauthProvider.clients', value: 'unknown', change: { oauthProvider: { clients: { open: true } } } },
    {
      key: 'oauthProvider.privateHosts',
      value: '*.internal',
      change: { oauthProvider: { privateHosts: ['*.internal'] } },
    },
    { key: 'oauthProvider.privateHosts', value: 'a URL', change: { oauthProvider: { privateHosts: ['http://a/'] } } },
    {
      key: 'oauthProvider',
      value: 'with a shared secret',
      change: { oauthProvider: {}, tokens: { signWithSharedSecretInsteadOfKeyPairs: true } },
    },
    { key: 'administration.users', value: 'unknown', change: { administration: { users: {} } } },
    ...mountPlaces.flatMap(({ name, prefix }) => [
      { key: 'routes', value: name, change: asRoute({ name }) },
      { key: 'routes', value: prefix, change: asRoute({ prefix }) },
    ]),
  ])('stops the start at $key: $value', ({ key, change }) => {
    const parse = (): unknown => parseConfig({ ...valid, ...change }, 'test');
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(key);
  });

  it.each(['app.example.com', 'app.example.com:8443', '*.example.com', '[::1]:3000', 'gateway:9400', 'APP.example'])(
    'does not stop the host %s',
    (host) => {
      const change = { hosts: [host], internal: { hosts: [host] }, ...asRoute({ hosts: [host] }) };
      expect(() => parseConfig({ ...valid, ...change }, 'test')).not.toThrow();
    },
  );
});

function withUsersApi(change: object = {}) {
  const policy = { permissions: { 'user:manage': 'Manage' }, roles: { user: ['user:manage'] } };
  return { policy, apiKeys: {}, administration: { usersApi: {} }, ...change };
}

function withClientsApi(change: object = {}) {
  const policy = { permissions: { 'oauth-client:manage': 'Manage' }, roles: { user: ['oauth-client:manage'] } };
  return { policy, apiKeys: {}, oauthProvider: { clients: { api: {} } }, ...change };
}

it('the API of clients is accepted beside API keys, and the provider without it', () => {
  expect(() => parseConfig({ ...valid, ...withClientsApi() }, 'test')).not.toThrow();
  expect(() => parseConfig({ ...valid, oauthProvider: {} }, 'test')).not.toThrow();
});

it('the users API is accepted beside API keys, and its place is free without it', () => {
  expect(() => parseConfig({ ...valid, ...withUsersApi() }, 'test')).not.toThrow();
  const taken = asRoute({ name: 'manage-users', prefix: '/manage/users' });
  expect(() => parseConfig({ ...valid, ...taken }, 'test')).not.toThrow();
});

function byKey() {
  return { per: 'key', max: 1, seconds: 60 };
}

it('a limit by key is accepted where routes accept API keys', () => {
  const accepts = asRoute({ credentials: ['session', 'api-key'], limits: { requests: [byKey()] } });
  const change = { apiKeys: {}, ...accepts, limits: { requests: [byKey()] } };
  expect(() => parseConfig({ ...valid, ...change }, 'test')).not.toThrow();
});

describe('a configuration', () => {
  it.each([
    { name: 'with an unknown key', change: { canary: 1 }, key: 'canary' },
    { name: 'with an unknown key deep inside', change: { session: { idle: 5 } }, key: 'session.idle' },
    { name: 'on plain http away from loopback', change: { publicUrl: 'http://canary.example.com' }, key: 'publicUrl' },
    { name: 'whose public URL has a path', change: { publicUrl: 'https://app.example.com/canary' }, key: 'publicUrl' },
    { name: 'without routes', change: { routes: [] }, key: 'routes' },
    { name: 'with an unknown page', change: { pages: { canary: '/login' } }, key: 'pages.canary' },
    ...[
      'https://canary.example/login',
      '//canary.example/login',
      '/\\canary.example',
      'login',
      '/login?canary=1',
      '/login#canary',
      '/auth/canary',
      '/AUTH/canary',
      '/a//canary',
      '/a/../canary',
      '/canary/',
      '/%63anary',
      '',
    ].map((path) => ({ name: `with a page at "${path}"`, change: { pages: { signIn: path } }, key: 'pages.signIn' })),
    {
      name: 'with a page that no route serves',
      change: { pages: { signIn: '/canary' }, routes: [{ ...route, prefix: '/api' }] },
      key: 'pages.signIn',
    },
    {
      name: 'with a page that is a route in another case alone, at an upstream that tells cases apart',
      change: { pages: { signIn: '/Canary' }, routes: [{ ...route, prefix: '/canary', caseSensitive: true }] },
      key: 'pages.signIn',
    },
    {
      name: 'with a sign-in page behind a sign-in, in another case',
      change: { pages: { signIn: '/Canary/login' }, routes: [{ ...route, prefix: '/canary', access: 'signed-in' }] },
      key: 'pages.signIn',
    },
    {
      name: 'with a sign-in page behind a sign-in',
      change: { pages: { signIn: '/canary/login' }, routes: [{ ...route, prefix: '/canary', access: 'signed-in' }] },
      key: 'pages.signIn',
    },
    {
      name: 'with a step-up page behind a step-up',
      change: {
        pages: { stepUp: '/canary' },
        routes: [{ ...route, prefix: '/canary', access: 'signed-in', stepUp: { acr: 'mfa' } }],
      },
      key: 'pages.stepUp',
    },
    {
      name: 'with a route where the built-in pages have their files',
      change: { routes: [{ ...route, prefix: '/auth/assets' }] },
      key: 'routes',
    },
    {
      name: 'with a route that declares no access',
      change: { routes: [{ ...route, access: undefined }] },
      key: 'routes.0.access',
    },
    {
      name: 'with a token that lives too long',
      change: { tokens: { internalSeconds: 3600 } },
      key: 'tokens.internalSeconds',
    },
    {
      name: 'with passwords that are too short',
      change: { passwords: { minLength: 4 } },
      key: 'passwords.minLength',
    },
    {
      name: 'that idles longer than it lives',
      change: { session: { idleSeconds: 10, absoluteSeconds: 5 } },
      key: 'session',
    },
    {
      name: 'that certifies plain http',
      change: { publicUrl: 'http://localhost', tls: { certFile: 'a', keyFile: 'b' } },
      key: 'publicUrl',
    },
    {
      name: 'that leads from http to http',
      change: { publicUrl: 'http://localhost', listen: { redirectFrom: { port: 80 } } },
      key: 'listen.redirectFrom',
    },
    {
      name: 'that is open to the network without TLS and without a declared proxy',
      change: { listen: { host: '0.0.0.0' } },
      key: 'listen.host',
    },
    { name: 'that holds browsers to https for a moment', change: { hsts: { maxAgeSeconds: 60 } }, key: 'hsts' },
    {
      name: 'a role that would be stored as two others',
      change: { policy: { permissions: {}, roles: { user: [], 'shop admin': [] } } },
      key: 'policy.roles.shop admin',
    },
    {
      name: 'whose role names an undeclared permission',
      change: { policy: { permissions: {}, roles: { user: ['product:raed'] } } },
      key: 'policy.roles.user',
    },
    {
      name: 'that demands a second factor of an undeclared role',
      change: { secondFactor: { requiredFor: ['amdin'] } },
      key: 'secondFactor.requiredFor',
    },
    {
      name: 'that demands a second factor and switches every method off',
      change: { secondFactor: { methods: [], requiredFor: ['user'] } },
      key: 'secondFactor.methods',
    },
    {
      name: 'with an unknown second factor',
      change: { secondFactor: { methods: ['canary'] } },
      key: 'secondFactor.methods.0',
    },
    {
      name: 'whose route names an undeclared role',
      change: { routes: [{ ...route, access: { roles: ['amdin'] } }] },
      key: 'routes.0.access.roles',
    },
    {
      name: 'whose route names an undeclared permission',
      change: { routes: [{ ...route, access: { permissions: ['order:read'] } }] },
      key: 'routes.0.access.permissions',
    },
    {
      name: 'whose route is interested in an undeclared permission',
      change: { routes: [{ ...route, permissions: ['reprot:read'] }], policy: reports },
      key: /routes\.0\.permissions\s+names the undeclared permission reprot:read; did you mean report:read\?/,
    },
    {
      name: 'whose route is interested in permissions of which there is none',
      change: { routes: [{ ...route, permissions: ['reprot:*'] }], policy: reports },
      key: /routes\.0\.permissions\s+has reprot:\*, and no declared permission is one; did you mean report:\*\?/,
    },
    {
      name: 'whose route is interested in permissions, and none is declared',
      change: { routes: [{ ...route, permissions: ['report:*'] }] },
      key: /routes\.0\.permissions\s+has report:\*/,
    },
    {
      name: 'whose route demands a role that is nearly one',
      change: {
        routes: [{ ...route, access: { roles: ['amdin'] } }],
        policy: { permissions: {}, roles: { admin: [] } },
      },
      key: /undeclared role amdin; did you mean admin\?/,
    },
  ])('$name stops the start and names the key', ({ change, key }) => {
    const parse = (): unknown => parseConfig({ ...valid, ...change }, 'test');
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(key);
  });

  it.each([
    { now: 'maxPerUser', change: { session: { maximumPerUser: 3 } } },
    { now: 'minLength', change: { passwords: { minimumLength: 15 } } },
    { now: 'maxFailures', change: { guessing: { network: { maximumFailures: 3 } } } },
    { now: 'max', change: { limits: { requests: [{ per: 'address', amount: 1, seconds: 60 }] } } },
  ])('with the former name of $now is refused with the new one', ({ now, change }) => {
    expect(() => parseConfig({ ...valid, ...change }, 'test')).toThrow(`is now called "${now}"`);
  });

  it('is refused with all problems at once, and without any value', () => {
    const parse = (): unknown =>
      parseConfig({ ...valid, publicUrl: 'ftp://hunter2', tokens: { internalSeconds: 1 }, extra: 'hunter3' }, 'test');
    expect(parse).toThrow(/3 problems/);
    expect(parse).not.toThrow(/hunter/);
  });

  it.each([
    { name: 'with TLS', change: { listen: { host: '0.0.0.0' }, tls: { certFile: 'a', keyFile: 'b' } } },
    {
      name: 'behind a declared proxy',
      change: { listen: { host: '0.0.0.0' }, trustedProxies: ['10.0.0.0/8'] },
    },
    { name: 'on loopback', change: { listen: { host: '::1' } } },
    { name: 'that makes browsers forget https', change: { hsts: { maxAgeSeconds: 0 } } },
  ])('$name is accepted', ({ change }) => {
    expect(() => parseConfig({ ...valid, ...change }, 'test')).not.toThrow();
  });

  it('finds the route of a page in any case, as requests do', () => {
    const routes = [{ ...route, prefix: '/members', access: 'optional' }];
    expect(parseConfig({ ...valid, pages: { signIn: '/Members/Login' }, routes }, 'test')).toMatchObject({
      pages: { signIn: '/Members/Login' },
    });
  });

  it('gets safe defaults', () => {
    expect(parseConfig(valid, 'test')).toMatchObject({
      listen: { host: '127.0.0.1', port: 3000 },
      session: { idleSeconds: 43_200, absoluteSeconds: 604_800 },
      hsts: { maxAgeSeconds: 31_536_000, includeSubDomains: false },
      tokens: { internalSeconds: 60 },
      passwords: { minLength: 15 },
    });
  });
});
