import type { Principal } from '@sallyport/core';
import { expect, it } from 'vitest';
import { toExchangedCaller, type PresentedToken } from './exchanged-caller.ts';

const presented: PresentedToken = {
  audience: 'shell',
  roles: ['user'],
  permissions: ['a:read'],
  credential: 'session',
  acr: 'pwd',
  amr: ['pwd'],
  authTime: new Date(0),
  hasProfile: false,
};
const outside: Principal = {
  kind: 'user',
  id: 'ada',
  sid: 's1',
  roles: ['user'],
  permissions: ['a:read'],
  acr: 'pwd',
  amr: ['pwd'],
  authTime: new Date(0),
  credential: 'session',
  generation: { session: 1, user: 1, policy: 1 },
};
const inAcme: Principal = { ...outside, org: 'acme', orgRoles: ['owner', 'clerk'] };

it('a call for a user keeps the organization that the presented token names, and the roles of both', () => {
  const caller = toExchangedCaller(inAcme, { ...presented, org: 'acme', orgRoles: ['clerk', 'guest'] });
  expect(caller).toMatchObject({ org: 'acme', orgRoles: ['clerk'], actor: { id: 'shell' } });
});

it.each([
  { name: 'names another organization', org: 'globex', orgRoles: ['owner'] },
  { name: 'names none', org: undefined, orgRoles: undefined },
])('a call for a user is in no organization when the presented token $name', ({ org, orgRoles }) => {
  const caller = toExchangedCaller(inAcme, { ...presented, org, orgRoles });
  expect(caller).not.toHaveProperty('org');
  expect(caller).not.toHaveProperty('orgRoles');
});

it('a call for a user is in no organization that the session left', () => {
  expect(toExchangedCaller(outside, { ...presented, org: 'acme', orgRoles: ['owner'] })).not.toHaveProperty('org');
});

it('a call for a user of a client stays that of the client, with the sign-in that the client was given', () => {
  const session: Principal = { ...outside, acr: 'mfa', amr: ['pwd', 'otp'], authTime: new Date(60_000) };
  const ofClient = {
    clientId: 'partner',
    credential: 'bearer',
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(0),
  } as const;
  expect(toExchangedCaller(session, { ...presented, ...ofClient })).toMatchObject(ofClient);
});
