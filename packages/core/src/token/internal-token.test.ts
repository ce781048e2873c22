import { expect, it } from 'vitest';
import { internalTokenClaimsSchema, toInternalTokenClaims, toPrincipal } from './internal-token.ts';
import type { Principal } from '../principal/principal.ts';

const ada: Principal = {
  kind: 'user',
  id: 'u1',
  sid: 's1',
  roles: ['vendor'],
  permissions: ['product:read', 'user:manage'],
  org: 'acme',
  orgRoles: ['owner'],
  acr: 'mfa',
  amr: ['pwd', 'otp'],
  authTime: new Date(1_700_000_000_000),
  credential: 'session',
  actor: { id: 'zone:account', actor: { id: 'admin-1' } },
  generation: { session: 1, user: 2, policy: 3 },
  profile: { name: 'Ada', email: 'ada@example.com' },
};

const request = {
  principal: ada,
  issuer: 'https://app.test/internal',
  audience: 'shop',
  permissions: ['product:read'],
  includeProfile: false,
  issuedAt: new Date(1_700_000_100_500),
  lifetimeSeconds: 60,
  tokenId: 'j1',
};

it('an internal token leaves name and email address out unless the audience asked for them', () => {
  expect(JSON.stringify(toInternalTokenClaims(request))).not.toMatch(/Ada|example\.com/);
});

it('an internal token carries only the permissions that the audience declared', () => {
  expect(toInternalTokenClaims(request).scope).toBe('product:read');
});

it('an internal token expires after its lifetime, in whole seconds', () => {
  expect(toInternalTokenClaims(request)).toMatchObject({ iat: 1_700_000_100, exp: 1_700_000_160 });
});

it('an internal token gives back the same principal at the other end, actors included', () => {
  const claims = internalTokenClaimsSchema.parse(
    toInternalTokenClaims({ ...request, includeProfile: true, permissions: ada.permissions }),
  );
  expect(toPrincipal(claims)).toEqual({ ...ada, clientId: 'sallyport-browser' });
});

it('an internal token gives back a principal that cannot be changed', () => {
  const principal = toPrincipal(internalTokenClaimsSchema.parse(toInternalTokenClaims(request)));
  expect(() => (principal.roles as string[]).push('admin')).toThrow(TypeError);
  expect(() => Object.assign(principal, { id: 'root' })).toThrow(TypeError);
  expect(() => Object.assign(principal.actor?.actor ?? {}, { id: 'root' })).toThrow(TypeError);
});

it('an internal token names the roles in an organization only together with it', () => {
  const { org: _org, ...claims } = toInternalTokenClaims(request);
  expect(claims.org_roles).toEqual(['owner']);
  expect(toPrincipal(internalTokenClaimsSchema.parse(claims))).not.toHaveProperty('orgRoles');
  const { org: _none, ...outside } = ada;
  expect(toInternalTokenClaims({ ...request, principal: outside })).not.toHaveProperty('org_roles');
});

it('an internal token of an organization without roles holds none, and its roles cannot be changed', () => {
  const { org_roles: _roles, ...claims } = toInternalTokenClaims(request);
  const principal = toPrincipal(internalTokenClaimsSchema.parse(claims));
  expect(principal).toMatchObject({ org: 'acme', orgRoles: [] });
  expect(() => (principal.orgRoles as string[]).push('owner')).toThrow(TypeError);
  expect(internalTokenClaimsSchema.safeParse({ ...claims, org_roles: 'owner' }).success).toBe(false);
});

it('an internal token with an empty scope holds no permission, not an empty one', () => {
  const claims = internalTokenClaimsSchema.parse(toInternalTokenClaims({ ...request, permissions: [] }));
  expect(toPrincipal(claims).permissions).toEqual([]);
});

it('an internal token gives every handler its own copy of the time of sign-in, since a Date cannot be frozen', () => {
  const principal = toPrincipal(internalTokenClaimsSchema.parse(toInternalTokenClaims(request)));
  principal.authTime.setTime(0);
  expect(principal.authTime).toEqual(ada.authTime);
});
