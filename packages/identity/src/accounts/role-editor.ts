import {
  isDuplicateRow,
  retryContended,
  SallyportError,
  type FieldError,
  type InvalidationBus,
  type Policy,
  type Records,
  type SecurityEventLog,
} from '@sallyport/core';
import type { AuditContext } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import { noteRolesAsApplied } from './applied-roles.ts';
import type { Authority } from './authority.ts';
import { compareRoleMaps } from './role-differences.ts';
import {
  lockRoles,
  permissionsOf,
  readRoles,
  readStoredRoles,
  versionOf,
  writeRoles,
  type StoredRole,
} from './stored-roles.ts';

/** A role, as those who edit it see it. */
export interface EditedRole {
  readonly name: string;
  readonly permissions: readonly string[];
  /** What an edit has to name, so that it replaces nothing that its author has not seen. */
  readonly version: string;
}

/** What was done to a role. */
export interface RoleChangeOutcome {
  readonly role: EditedRole;
  /** `null` for a role that was made. */
  readonly before: readonly string[] | null;
  /** Whether those who have the role can manage others from now on, which those who can already are told. */
  readonly gainsManagement: boolean;
}

export interface RoleWish {
  readonly name: string;
  /** All that it is to permit. */
  readonly permissions: readonly string[];
  /** The version that was read; `null` for a role that must not be there yet. */
  readonly version: string | null;
}

/** Changes what roles permit, at run time. An edit is one write and one event on the bus, however many accounts have the role. */
export interface RoleEditor {
  /** Every role, in the order of the names, as it is stored now. */
  list(): Promise<readonly EditedRole[]>;
  /**
   * Replaces what a role permits, or makes a role. The change is durable and every cache has heard of it when this
   * resolves. Rejects with `SP_VALIDATION_FAILED` for a permission that the policy does not have, `SP_CONFLICT` for
   * another version, `SP_AUTHORITY_EXCEEDED`, `SP_FORBIDDEN`, `SP_LAST_MANAGER`, and `SP_ROLES_FROM_FILE` where the
   * configuration has the last word.
   */
  set(wish: RoleWish, context: AuditContext): Promise<RoleChangeOutcome>;
  /** Deletes a role. Accounts keep its name, which permits nothing. Rejects as `set` does, and with `SP_NOT_FOUND`. */
  remove(name: string, version: string, context: AuditContext): Promise<void>;
}

export interface RoleEditorParts {
  readonly records: Records;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly bus: InvalidationBus;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly authority: Pick<Authority, 'requireRoleEdit' | 'noteRefusal'>;
  readonly policy: Policy;
  /** Roles of new users, which are not deleted. */
  readonly signUpRoles: readonly string[];
  readonly now: () => Date;
}

/** More roles than a policy needs; what stands in the memory of every gateway has an end. */
const maxRoles = 500;
const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;

export function createRoleEditor(parts: RoleEditorParts): RoleEditor {
  const { records, transaction, bus, events, authority, policy, signUpRoles, now } = parts;

  const requireEditable = (): void => {
    if (policy.source === 'file') throw new SallyportError('SP_ROLES_FROM_FILE', { reason: 'roles-from-file' });
  };

  const publish = async (role: string, at: Date): Promise<void> => {
    const { generation } = await readStoredRoles(records);
    // Also when there was nothing to change: who stored the same may have died before it could say so.
    await bus.publish({ kind: 'policy', id: role, minGeneration: generation, at, reason: 'role-changed' });
  };

  /** One attempt, in its transaction: nothing is decided on what was read before the roles were locked. */
  const attempt = async (
    { name, permissions, version }: RoleWish,
    isDeletion: boolean,
    context: AuditContext,
    at: Date,
  ): Promise<RoleChangeOutcome | 'retry'> => {
    await lockRoles(records, at);
    await noteRolesAsApplied(records, at);
    const roles = await readRoles(records);
    const role = roles.find((one) => one.name === name);
    if (isDeletion && role === undefined) throw unknownRole();
    requireVersion(role, version);
    const { gainsManagement } = await authority.requireRoleEdit({ role: name, after: permissions, context });
    const stored = permissionsOf(roles);
    const wanted = new Map(stored);
    if (isDeletion) wanted.delete(name);
    else wanted.set(name, permissions);
    if (wanted.size > maxRoles) throw invalid('name', `would be one more than ${maxRoles} roles`);
    const before = role?.permissions ?? null;
    const [difference] = compareRoleMaps(wanted, stored);
    if (difference === undefined) return { role: requireRole(role), before, gainsManagement: false };
    const { kind, permissionsAdded, permissionsRemoved } = difference;
    const details = { role: name, change: kind, given: [...permissionsAdded], taken: [...permissionsRemoved] };
    // Before the change: without transactions none may go unreported.
    await events.append({ type: 'role.changed', at, outcome: 'success', ...context, details });
    if (!(await writeRoles({ records, roles, wanted, at }))) return 'retry';
    if (isDeletion) return { role: requireRole(role), before, gainsManagement: false };
    // A role that was made has an id by now. Of one that was there it is known what it became, whatever changes it next.
    const written =
      role === undefined
        ? (await readRoles(records)).find((one) => one.name === name)
        : { ...role, permissions, generation: role.generation + 1 };
    return { role: requireRole(written), before, gainsManagement };
  };

  const edit = async (wish: RoleWish, isDeletion: boolean, context: AuditContext) => {
    requireEditable();
    const at = now();
    const outcome = await retryContended(contention, () =>
      transaction(() => attempt(wish, isDeletion, context, at)),
    ).catch(async (error: unknown) => {
      await authority.noteRefusal(error, undefined, context);
      // Without transactions two may make a role of one name, of which the database takes one.
      throw isDuplicateRow(error) ? changedMeanwhile() : error;
    });
    await publish(wish.name, at);
    return outcome;
  };

  return {
    list: async () => (await readRoles(records)).map(toEditedRole),
    async set(wish, context) {
      const permissions = [...new Set(wish.permissions)];
      requireDeclared(permissions, policy);
      return edit({ ...wish, permissions }, false, context);
    },
    async remove(name, version, context) {
      if (signUpRoles.includes(name)) throw invalid('name', 'is given to new users, and cannot be deleted');
      await edit({ name, permissions: [], version }, true, context);
    },
  };
}

/** The refusal of a name that no role has; it says so, that it can be told from an address that is not served. */
export function unknownRole(): SallyportError {
  const errors = [{ field: 'name', message: 'is that of no role' }];
  return new SallyportError('SP_NOT_FOUND', { reason: 'role-unknown', errors });
}

function requireVersion(role: StoredRole | undefined, version: string | null): void {
  if (version !== (role === undefined ? null : versionOf(role))) throw changedMeanwhile();
}

function requireDeclared(permissions: readonly string[], policy: Pick<Policy, 'permissions'>): void {
  const errors = permissions.flatMap((permission, index): FieldError[] =>
    Object.hasOwn(policy.permissions, permission)
      ? []
      : [{ field: `permissions.${index}`, message: 'is not a permission of the policy' }],
  );
  if (errors.length > 0) throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'permission-unknown', errors });
}

function changedMeanwhile(): SallyportError {
  const errors = [{ field: 'version', message: 'is not that of the role as it is now' }];
  return new SallyportError('SP_CONFLICT', { reason: 'role-changed', errors });
}

function invalid(field: string, message: string): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', { reason: 'role-invalid', errors: [{ field, message }] });
}

/** Without transactions another editor may have deleted it since. */
function requireRole(role: StoredRole | undefined): EditedRole {
  if (role === undefined) throw changedMeanwhile();
  return toEditedRole(role);
}

function toEditedRole(role: StoredRole): EditedRole {
  return { name: role.name, permissions: role.permissions, version: versionOf(role) };
}
