import { describe, expect, it } from 'vitest';
import { isDeploymentPermission, problemsOfOrganizationRoles } from './organization-roles.ts';
import { definePolicy } from './policy.ts';

const owner = ['organization:manage', 'member:manage'];

describe('roles of organizations', () => {
  it.each([
    { name: 'none at all', roles: {} },
    { name: 'those of owners alone', roles: { owner } },
    { name: 'others beside them', roles: { owner, clerk: ['invoice:read'], guest: [] } },
  ])('may be $name', ({ roles }) => {
    expect(problemsOfOrganizationRoles(roles)).toEqual([]);
  });

  it.each([
    'user:manage',
    'user:read',
    'role:manage',
    'oauth-client:manage',
    'oauth-client:read',
    'oauth-client:trust',
    'shop:introspect',
    'shop:revoke',
  ])('may not hold %s, which rules the deployment', (permission) => {
    expect(isDeploymentPermission(permission)).toBe(true);
    expect(problemsOfOrganizationRoles({ owner, clerk: [permission] })).toMatchObject([{ role: '.clerk' }]);
  });

  it.each([
    { name: 'no role that rules it', roles: { clerk: ['invoice:read'] } },
    { name: 'the two permissions in two roles', roles: { owner: [owner[0] ?? ''], manager: [owner[1] ?? ''] } },
  ])('are refused with $name', ({ roles }) => {
    expect(problemsOfOrganizationRoles(roles)).toMatchObject([{ role: '', message: /organization:manage/ }]);
  });

  it.each(['Owner', 'own er', '1st', '__proto__', '', 'a'.repeat(51)])('are refused with the name "%s"', (name) => {
    const roles = Object.fromEntries([
      ['owner', owner],
      [name, []],
    ]);
    expect(problemsOfOrganizationRoles(roles)).toMatchObject([{ role: `.${name}` }]);
  });

  it('are checked where a policy is defined', () => {
    const permissions = {
      'organization:manage': 'Rename and delete an organization',
      'member:manage': 'Invite and remove members',
      'user:manage': 'Change the roles of users',
    };
    const define = (roles: Record<string, readonly never[]>) => (): unknown =>
      definePolicy({ permissions, roles: {}, organizationRoles: roles });
    const cast = (roles: Record<string, readonly string[]>) => define(roles as Record<string, readonly never[]>);
    expect(cast({ owner: [...owner, 'user:manage'] })).toThrow(/organizationRoles.owner holds user:manage/);
    expect(cast({ owner: [...owner, 'user:mange'] })).toThrow(/"owner" names undeclared permissions: user:mange/);
    expect(cast({ clerk: [] })).toThrow(/organizationRoles need a role/);
    expect(cast({ owner })()).toMatchObject({ organizationRoles: { owner } });
  });
});
