import { expect, it } from 'vitest';
import { anonymous, type Principal } from '../principal/principal.ts';
import { checkRequirement } from './requirement.ts';

const vendor: Principal = {
  kind: 'user',
  id: 'u1',
  sid: 's1',
  roles: ['vendor'],
  permissions: ['product:read', 'product:create'],
  acr: 'pwd',
  amr: ['pwd'],
  authTime: new Date(0),
  credential: 'session',
  generation: { session: 1, user: 1, policy: 1 },
};

it.each([
  {
    name: 'an anonymous caller, even for an empty requirement',
    caller: anonymous,
    requirement: {},
    reason: 'not-signed-in',
  },
  {
    name: 'a caller without any of the roles',
    caller: vendor,
    requirement: { roles: ['admin', 'auditor'] },
    reason: 'role-missing',
  },
  { name: 'a caller for an empty list of roles', caller: vendor, requirement: { roles: [] }, reason: 'role-missing' },
  {
    name: 'a caller who lacks one of several permissions',
    caller: vendor,
    requirement: { permissions: ['product:read', 'product:delete'] },
    reason: 'permission-missing',
  },
  {
    name: 'a caller whose role fits and whose permission does not',
    caller: vendor,
    requirement: { roles: ['vendor'], permissions: ['user:manage'] },
    reason: 'permission-missing',
  },
  {
    name: 'a caller who holds none of several permissions of which one is enough',
    caller: vendor,
    requirement: { anyPermission: ['product:delete', 'user:manage'] },
    reason: 'permission-missing',
  },
  {
    name: 'a caller for an empty list of permissions of which one is enough',
    caller: vendor,
    requirement: { anyPermission: [] },
    reason: 'permission-missing',
  },
  {
    name: 'a permission that is only a prefix of a held one',
    caller: vendor,
    requirement: { permissions: ['product:cre'] },
    reason: 'permission-missing',
  },
  {
    name: 'a caller without an organization',
    caller: vendor,
    requirement: { org: true as const },
    reason: 'organization-missing',
  },
  {
    name: 'a caller without an organization, for a role inside one',
    caller: { ...vendor, roles: ['owner'], orgRoles: ['owner'] },
    requirement: { orgRoles: ['owner'] },
    reason: 'organization-missing',
  },
  {
    name: 'a caller who holds the role in the deployment alone',
    caller: { ...vendor, roles: ['owner'], org: 'acme', orgRoles: ['member'] },
    requirement: { orgRoles: ['owner'] },
    reason: 'organization-role-missing',
  },
  {
    name: 'a caller whose role inside the organization is asked of the deployment',
    caller: { ...vendor, org: 'acme', orgRoles: ['admin'] },
    requirement: { roles: ['admin'] },
    reason: 'role-missing',
  },
  {
    name: 'a caller for an empty list of roles inside an organization',
    caller: { ...vendor, org: 'acme', orgRoles: ['owner'] },
    requirement: { orgRoles: [] },
    reason: 'organization-role-missing',
  },
])('a requirement refuses $name', ({ caller, requirement, reason }) => {
  expect(checkRequirement(caller, requirement)).toEqual({ kind: 'not-met', reason });
});

it.each([
  { name: 'every known caller, when nothing is required', requirement: {} },
  { name: 'a caller with one of the roles', requirement: { roles: ['admin', 'vendor'] } },
  { name: 'a caller with all permissions', requirement: { permissions: ['product:read', 'product:create'] } },
  { name: 'a caller with an organization', requirement: { org: true as const } },
  { name: 'a caller with one of the roles inside the organization', requirement: { orgRoles: ['billing', 'owner'] } },
])('a requirement admits $name', ({ requirement }) => {
  const inAcme = { ...vendor, org: 'acme', orgRoles: ['owner'] };
  expect(checkRequirement(inAcme, requirement)).toEqual({ kind: 'met' });
});
