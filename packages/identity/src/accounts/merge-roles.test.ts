import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeRoles } from './merge-roles.ts';
import type { PermissionsByRole } from './role-authority.ts';

const permissionNames = ['product:read', 'product:delete', 'order:refund', 'user:manage'] as const;
const roleNames = ['user', 'vendor', 'clerk', 'admin'] as const;
const roleMaps: fc.Arbitrary<PermissionsByRole> = fc
  .tuple(...roleNames.map((role) => fc.tuple(fc.constant(role), fc.option(fc.subarray([...permissionNames])))))
  .map((entries) => new Map(entries.flatMap(([role, held]) => (held === null ? [] : [[role, held] as const]))));
const isDeclared = (): boolean => true;

const of = (roles: Readonly<Record<string, readonly string[]>>): PermissionsByRole => new Map(Object.entries(roles));
const sorted = (roles: PermissionsByRole) =>
  Object.fromEntries([...roles].map(([role, held]) => [role, held.toSorted()]));

describe('roles that are merged', () => {
  it.each([
    {
      name: 'take over what the file gave and took, beside an edit of the same role',
      applied: { vendor: ['a:read', 'a:edit'] },
      stored: { vendor: ['a:read', 'a:edit', 'b:read'] },
      file: { vendor: ['a:read', 'a:new'] },
      merged: { vendor: ['a:new', 'a:read', 'b:read'] },
    },
    {
      name: 'leave what was taken at run time, where the file still has it',
      applied: { vendor: ['a:read', 'a:edit'] },
      stored: { vendor: ['a:read'] },
      file: { vendor: ['a:read', 'a:edit', 'a:new'] },
      merged: { vendor: ['a:new', 'a:read'] },
    },
    {
      name: 'have a role that the file brings, and one that was made at run time',
      applied: {},
      stored: { clerk: ['a:read'] },
      file: { vendor: ['a:read'] },
      merged: { clerk: ['a:read'], vendor: ['a:read'] },
    },
    {
      name: 'lose a role that the file dropped and that was not enlarged',
      applied: { vendor: ['a:read', 'a:edit'] },
      stored: { vendor: ['a:read'] },
      file: {},
      merged: {},
    },
    {
      name: 'leave a role that the file dropped what it was given at run time',
      applied: { vendor: ['a:read'] },
      stored: { vendor: ['a:read', 'b:read'] },
      file: {},
      merged: { vendor: ['b:read'] },
    },
    {
      name: 'lack a role that was deleted at run time, whatever the file gives it',
      applied: { vendor: ['a:read'] },
      stored: {},
      file: { vendor: ['a:read', 'a:new'] },
      merged: {},
    },
  ])('$name', ({ applied, stored, file, merged }) => {
    const outcome = mergeRoles({ file: of(file), applied: of(applied), stored: of(stored), isDeclared });
    expect(sorted(outcome)).toEqual(merged);
  });

  it('hold no permission that the policy does not declare', () => {
    const outcome = mergeRoles({
      file: of({ vendor: ['a:read'] }),
      applied: of({ vendor: ['a:read'] }),
      stored: of({ vendor: ['a:read', 'b:read'], clerk: ['b:read'] }),
      isDeclared: (permission) => permission === 'a:read',
    });
    expect(sorted(outcome)).toEqual({ clerk: [], vendor: ['a:read'] });
  });

  it('are those of the file where nothing was edited, and those that are stored where the file did not change', () => {
    fc.assert(
      fc.property(roleMaps, roleMaps, (one, other) => {
        const unedited = mergeRoles({ file: one, applied: other, stored: other, isDeclared });
        expect(sorted(unedited)).toEqual(sorted(one));
        const unchanged = mergeRoles({ file: one, applied: one, stored: other, isDeclared });
        expect(sorted(unchanged)).toEqual(sorted(other));
      }),
      { numRuns: 500 },
    );
  });

  it('give no role a permission that neither the file nor an edit gave it, and are the same when merged again', () => {
    fc.assert(
      fc.property(roleMaps, roleMaps, roleMaps, (file, applied, stored) => {
        const merged = mergeRoles({ file, applied, stored, isDeclared });
        for (const [role, held] of merged)
          for (const permission of held) {
            const isOfFile = file.get(role)?.includes(permission) === true;
            const isEdited = stored.get(role)?.includes(permission) === true;
            expect(isOfFile || isEdited).toBe(true);
            if (!isOfFile) expect(applied.get(role)?.includes(permission) === true).toBe(false);
          }
        // A process that dies before it has noted the file as applied does the whole again.
        const again = mergeRoles({ file, applied, stored: merged, isDeclared });
        for (const [role, held] of merged)
          expect(sorted(new Map([[role, again.get(role) ?? []]]))).toEqual(sorted(new Map([[role, held]])));
      }),
      { numRuns: 1000 },
    );
  });
});
