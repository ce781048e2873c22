import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeProtectionChange,
  judgeRoleChange,
  judgeRoleEdit,
  managingPermission,
  roleManagingPermission,
  type AuthorityActor,
  type PermissionsByRole,
} from './role-authority.ts';

const permissionNames = [
  'product:read',
  'product:delete',
  'order:refund',
  managingPermission,
  roleManagingPermission,
] as const;
const roleNames = ['user', 'clerk', 'auditor', 'manager', 'admin'] as const;
const accountNames = ['ada', 'kim', 'robin', 'vic'] as const;

const policies: fc.Arbitrary<PermissionsByRole> = fc
  .tuple(...roleNames.map((role) => fc.tuple(fc.constant(role), fc.subarray([...permissionNames]))))
  .map((entries) => new Map(entries));
const roleSets = fc.subarray([...roleNames]);
const systems = fc.record({
  policy: policies,
  roles: fc.tuple(...accountNames.map(() => roleSets)),
  changes: fc.array(
    fc.record({ actor: fc.constantFrom(...accountNames), target: fc.constantFrom(...accountNames), after: roleSets }),
    { maxLength: 30 },
  ),
});

const permissionsOf = (roles: readonly string[], policy: PermissionsByRole): ReadonlySet<string> =>
  new Set(roles.flatMap((role) => policy.get(role) ?? []));

describe('a change of roles', () => {
  it('gives no permission that its actor does not hold, nor takes one, whatever the policy and the order', () => {
    fc.assert(
      fc.property(systems, ({ policy, roles, changes }) => {
        const held = new Map<string, readonly string[]>(accountNames.map((name, index) => [name, roles[index] ?? []]));
        for (const { actor: id, target, after } of changes) {
          const before = held.get(target) ?? [];
          const own = permissionsOf(held.get(id) ?? [], policy);
          const actor: AuthorityActor = { kind: 'account', id, permissions: [...own] };
          const judgement = judgeRoleChange({ actor, target, before, after }, policy);
          if (judgement.kind === 'refused') continue;
          const [had, has] = [permissionsOf(before, policy), permissionsOf(after, policy)];
          const changed = permissionNames.filter((name) => had.has(name) !== has.has(name));
          expect(own.has(managingPermission)).toBe(true);
          expect(changed.filter((name) => !own.has(name))).toEqual([]);
          if (id === target) expect(after.filter((role) => !before.includes(role))).toEqual([]);
          const [held0, held1] = [had.has(managingPermission), has.has(managingPermission)];
          expect(judgement.management).toBe(held0 === held1 ? 'unchanged' : held1 ? 'gained' : 'lost');
          held.set(target, after);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never lets a group of accounts reach a permission that none of them held', () => {
    fc.assert(
      fc.property(systems, ({ policy, roles, changes }) => {
        const held = new Map<string, readonly string[]>(accountNames.map((name, index) => [name, roles[index] ?? []]));
        const all = () => new Set([...held.values()].flatMap((names) => [...permissionsOf(names, policy)]));
        const before = all();
        for (const { actor: id, target, after } of changes) {
          const permissions = [...permissionsOf(held.get(id) ?? [], policy)];
          const change = {
            actor: { kind: 'account', id, permissions } as const,
            target,
            before: held.get(target) ?? [],
            after,
          };
          if (judgeRoleChange(change, policy).kind === 'allowed') held.set(target, after);
        }
        expect([...all()].filter((name) => !before.has(name))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('is never refused to the operator for want of permissions', () => {
    fc.assert(
      fc.property(policies, roleSets, roleSets, (policy, before, after) => {
        const actor = { kind: 'operator' } as const;
        expect(judgeRoleChange({ actor, target: 'ada', before, after }, policy).kind).toBe('allowed');
      }),
    );
  });
});

describe('a change of the protection of an account', () => {
  it('is for administrators who hold every permission of the account, never for its own user', () => {
    fc.assert(
      fc.property(policies, roleSets, roleSets, fc.boolean(), (policy, mine, theirs, isOwn) => {
        const permissions = [...permissionsOf(mine, policy)];
        const target = { id: isOwn ? 'ada' : 'kim', roles: theirs };
        const reason = judgeProtectionChange({ kind: 'account', id: 'ada', permissions }, target, policy);
        const isWithin = [...permissionsOf(theirs, policy)].every((name) => permissions.includes(name));
        const isManager = permissions.includes(managingPermission);
        expect(reason === undefined).toBe(isManager && !isOwn && isWithin);
      }),
    );
  });
});

describe('a change of what a role permits', () => {
  const edits = fc.array(
    fc.record({
      by: fc.constantFrom(...accountNames),
      role: fc.constantFrom(...roleNames),
      after: fc.subarray([...permissionNames]),
    }),
    { maxLength: 30 },
  );

  it('gives no account more than one of them held, and its editor nothing, whatever the policy and the order', () => {
    fc.assert(
      fc.property(policies, fc.tuple(...accountNames.map(() => roleSets)), edits, (policy, roles, changes) => {
        const rolesOf = new Map(accountNames.map((name, index) => [name, roles[index] ?? []]));
        let current = policy;
        const heldBy = (name: string) => permissionsOf(rolesOf.get(name as 'ada') ?? [], current);
        const all = () => new Set(accountNames.flatMap((name) => [...heldBy(name)]));
        const first = all();
        for (const { by, role, after } of changes) {
          const own = heldBy(by);
          const before = current.get(role) ?? [];
          const isOwn = rolesOf.get(by)?.includes(role) === true;
          const actor: AuthorityActor = { kind: 'account', id: by, permissions: [...own] };
          if (judgeRoleEdit({ actor, isOwn, before, after }) !== undefined) continue;
          current = new Map([...current, [role, after]]);
          expect(own.has(roleManagingPermission)).toBe(true);
          expect([...heldBy(by)].filter((permission) => !own.has(permission))).toEqual([]);
          if (isOwn) expect(after.filter((permission) => !before.includes(permission))).toEqual([]);
        }
        expect([...all()].filter((permission) => !first.has(permission))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes nothing from those who may do more than its editor', () => {
    const actor: AuthorityActor = { kind: 'account', id: 'kim', permissions: [roleManagingPermission, 'product:read'] };
    const before = ['product:read', managingPermission];
    expect(judgeRoleEdit({ actor, isOwn: false, before, after: before.slice(1) })).toBe('beyond-own-permissions');
    expect(judgeRoleEdit({ actor, isOwn: false, before, after: [] })).toBe('beyond-own-permissions');
    expect(judgeRoleEdit({ actor, isOwn: false, before: ['product:read'], after: [] })).toBeUndefined();
  });

  it('is never refused to the operator for want of permissions', () => {
    const everything = [...permissionNames];
    expect(judgeRoleEdit({ actor: { kind: 'operator' }, isOwn: true, before: [], after: everything })).toBeUndefined();
  });
});
