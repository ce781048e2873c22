import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeMembershipChange, type MembershipChange } from './membership-judgement.ts';
import { createOrganizationRoles } from './organization-roles.ts';
import { organizationPolicy } from './organization.test-support.ts';

const roles = createOrganizationRoles(organizationPolicy);
const by = (...held: readonly string[]) => ({ kind: 'member', userId: 'ada', roles: held }) as const;
const judge = (change: Partial<MembershipChange>) =>
  judgeMembershipChange({ actor: by('owner'), userId: 'eve', before: [], after: [], ...change }, roles);

describe('a change of a membership', () => {
  it.each([
    { name: 'a member without the permission', actor: by('clerk'), before: ['guest'], after: ['clerk'] },
    { name: 'a member without a role', actor: by(), before: [], after: ['guest'] },
    { name: 'a member whose role is none', actor: by('constructor', 'gone'), before: [], after: ['guest'] },
  ])('is refused to $name', ({ name: _name, ...change }) => {
    expect(judge(change)).toBe('permission-missing');
  });

  it.each([
    { name: 'gives a role beyond their own', before: ['guest'], after: ['clerk'] },
    { name: 'takes a role beyond their own', before: ['clerk'], after: ['guest'] },
    { name: 'makes an owner', before: [], after: ['owner'] },
    { name: 'removes an owner', before: ['owner'], after: [] },
    { name: 'makes themselves an owner', userId: 'ada', before: ['manager'], after: ['manager', 'owner'] },
  ])('is refused to a manager who $name', ({ name: _name, ...change }) => {
    expect(judge({ actor: by('manager'), ...change })).toBe('beyond-own-permissions');
  });

  it.each([
    { name: 'a manager who removes a guest', actor: by('manager'), before: ['guest'], after: [] },
    { name: 'a manager who gives the own role', actor: by('manager'), before: ['guest'], after: ['guest', 'manager'] },
    { name: 'an owner who makes another one', before: ['clerk'], after: ['owner'] },
    { name: 'an owner who steps down', userId: 'ada', before: ['owner'], after: ['clerk'] },
    { name: 'a guest who leaves', actor: by('guest'), userId: 'ada', before: ['guest'], after: [] },
    { name: 'a member who leaves without any role', actor: by(), userId: 'ada', before: ['gone'], after: [] },
    { name: 'an operator', actor: { kind: 'operator' } as const, before: ['guest'], after: ['owner'] },
  ])('is allowed to $name', ({ name: _name, ...change }) => {
    expect(judge(change)).toBeUndefined();
  });

  it('never gives a member permissions that who gave them did not hold', () => {
    const someRoles = fc.subarray([...roles.names]);
    fc.assert(
      fc.property(someRoles, someRoles, someRoles, fc.constantFrom('ada', 'eve'), (held, before, after, userId) => {
        const reason = judge({ actor: by(...held), userId, before: userId === 'ada' ? held : before, after });
        if (reason !== undefined) return;
        const had = roles.permissionsOf(userId === 'ada' ? held : before);
        const gained = [...roles.permissionsOf(after)].filter((permission) => !had.has(permission));
        const own = roles.permissionsOf(held);
        expect(gained.filter((permission) => !own.has(permission))).toEqual([]);
        if (userId === 'ada') expect(gained).toEqual([]);
      }),
    );
  });
});
