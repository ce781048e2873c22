import { SallyportError, type Records, type SecurityEventLog } from '@sallyport/core';
import { isOperator, type AuditContext } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import {
  judgeProtectionChange,
  judgeRoleChange,
  judgeRoleEdit,
  managingPermission,
  managingRoles,
  type AuthorityActor,
  type AuthorityRefusal,
  type PermissionsByRole,
} from './role-authority.ts';
import type { ActingAccounts } from './acting-accounts.ts';
import { lockRoles, readStoredRoles } from './stored-roles.ts';
import type { User, UserTable } from './user-table.ts';

/** Decides every change of authority, of users and operators, by every way: pages, API, command line, import. */
export interface Authority {
  /**
   * Demands that a change of roles may be made. Call it in the transaction that makes the change, before it: what it
   * reads is locked where two changes could each be right alone, and wrong together.
   *
   * Rejects with `SP_AUTHORITY_EXCEEDED`, `SP_FORBIDDEN` when the permission is gone, `SP_LAST_MANAGER`.
   */
  requireRoleChange(change: RoleChangeRequest): Promise<AllowedRoleChange>;
  /**
   * Demands that the actor may change how an account is protected. Call it in the transaction of the change. Rejects with
   * `SP_AUTHORITY_EXCEEDED`, or `SP_FORBIDDEN` when the permission is gone.
   */
  requireProtectionChange(target: User, context: AuditContext): Promise<void>;
  /**
   * Demands that the actor may shut an account out, by a ban or by deleting it. Call it in the transaction of the change,
   * before it, as `requireRoleChange`. Rejects with `SP_AUTHORITY_EXCEEDED`, `SP_FORBIDDEN` when the permission is gone,
   * `SP_LAST_MANAGER`.
   */
  requireExclusion(target: User, context: AuditContext): Promise<void>;
  /**
   * Demands that the actor holds all of these permissions itself, as they are stored now: what it hands on to others, such
   * as to an OAuth client, is never more than that. Call it in the transaction of the change. Rejects with `SP_FORBIDDEN`
   * where the permission to make such a change at all is missing, and with `SP_AUTHORITY_EXCEEDED` for one of the others.
   */
  requirePermissions(needed: NeededPermissions, context: AuditContext): Promise<void>;
  /**
   * Demands that what a role permits may be changed. Call it in the transaction of the change, when the roles are locked.
   * Rejects with `SP_AUTHORITY_EXCEEDED`, `SP_FORBIDDEN` when the permission is gone, `SP_LAST_MANAGER`.
   */
  requireRoleEdit(edit: RoleEditRequest): Promise<AllowedRoleChange>;
  /** Writes down that a change was refused, after its transaction was taken back. Does nothing for other errors. */
  noteRefusal(error: unknown, target: string | undefined, context: AuditContext): Promise<void>;
  /** Those who hold the managing permission and can sign in, at most so many. */
  managers(limit: number): Promise<readonly User[]>;
}

export interface RoleChangeRequest {
  readonly target: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly context: AuditContext;
}

/** A change of what a role permits. */
export interface RoleEditRequest {
  readonly role: string;
  /** Nothing for a role that goes. */
  readonly after: readonly string[];
  readonly context: AuditContext;
}

/** What a change demands of the one who makes it. */
export interface NeededPermissions {
  /** The permission to make changes of this kind. */
  readonly toChange: string;
  /** What the change hands on, or touches. */
  readonly touched: readonly string[];
}

export interface AllowedRoleChange {
  /** Whether the account, or those of the role, gain the permission to manage others, which those who hold it are told. */
  readonly gainsManagement: boolean;
}

export interface AuthorityOptions {
  readonly records: Records;
  readonly users: UserTable;
  readonly actingAccounts: Pick<ActingAccounts, 'find'>;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
}

const refusals: Readonly<Record<AuthorityRefusal, 'SP_FORBIDDEN' | 'SP_AUTHORITY_EXCEEDED'>> = {
  'permission-missing': 'SP_FORBIDDEN',
  'own-account': 'SP_AUTHORITY_EXCEEDED',
  'own-role': 'SP_AUTHORITY_EXCEEDED',
  'beyond-own-permissions': 'SP_AUTHORITY_EXCEEDED',
};

/** Builds the decision over changes of authority. It reads roles and accounts as they are stored, and remembers none. */
export function createAuthority({ records, users, actingAccounts, events, now }: AuthorityOptions): Authority {
  const rolesOf = async (id: string): Promise<readonly string[]> => {
    const user = await users.findById(id);
    if (user !== null) return user.isBanned ? [] : user.roles;
    return (await actingAccounts.find(id))?.roles ?? [];
  };

  const readActor = async (context: AuditContext, permissionsByRole: PermissionsByRole): Promise<AuthorityActor> => {
    const { actor: id, permissions: allowed } = context;
    if (id === undefined || isOperator(id)) return { kind: 'operator' };
    const held = (await rolesOf(id)).flatMap((role) => permissionsByRole.get(role) ?? []);
    // A credential that was given less than its account holds gives no more than that.
    const permissions = allowed === undefined ? held : held.filter((permission) => allowed.includes(permission));
    return { kind: 'account', id, permissions };
  };

  /**
   * Reads what the roles permit. Those who take the managing permission away wait here for each other and for those who
   * change roles, and each sees what the one before has done: also that other roles hold the permission now.
   */
  const readRolesFor = async (mayLose: (managing: readonly string[]) => boolean): Promise<PermissionsByRole> => {
    const { permissionsByRole } = await readStoredRoles(records);
    if (!mayLose(managingRoles(permissionsByRole))) return permissionsByRole;
    await lockRoles(records, now());
    return (await readStoredRoles(records)).permissionsByRole;
  };

  return {
    async requireRoleChange({ target, before, after, context }) {
      const isLostOf = (managing: readonly string[]): boolean =>
        before.some((role) => managing.includes(role)) && !after.some((role) => managing.includes(role));
      const permissionsByRole = await readRolesFor(isLostOf);
      const managing = managingRoles(permissionsByRole);
      const actor = await readActor(context, permissionsByRole);
      const judgement = judgeRoleChange({ actor, target, before, after }, permissionsByRole);
      if (judgement.kind === 'refused') throw refusal(judgement.reason);
      if (isLostOf(managing) && !(await users.existsWithRole(managing, target))) throw lastManager();
      return { gainsManagement: judgement.management === 'gained' };
    },
    async requireProtectionChange(target, context) {
      const { permissionsByRole } = await readStoredRoles(records);
      const reason = judgeProtectionChange(await readActor(context, permissionsByRole), target, permissionsByRole);
      if (reason !== undefined) throw refusal(reason);
    },
    async requireExclusion(target, context) {
      const permissionsByRole = await readRolesFor((roles) => canManage(target, roles));
      const managing = managingRoles(permissionsByRole);
      const reason = judgeProtectionChange(await readActor(context, permissionsByRole), target, permissionsByRole);
      if (reason !== undefined) throw refusal(reason);
      if (canManage(target, managing) && !(await users.existsWithRole(managing, target.id))) throw lastManager();
    },
    async requirePermissions({ toChange, touched }, context) {
      const { permissionsByRole } = await readStoredRoles(records);
      const actor = await readActor(context, permissionsByRole);
      if (actor.kind === 'operator') return;
      if (!actor.permissions.includes(toChange)) throw refusal('permission-missing');
      if (!touched.every((permission) => actor.permissions.includes(permission)))
        throw refusal('beyond-own-permissions');
    },
    async requireRoleEdit({ role, after, context }) {
      const { permissionsByRole } = await readStoredRoles(records);
      const actor = await readActor(context, permissionsByRole);
      const isOwn = actor.kind === 'account' && (await rolesOf(actor.id)).includes(role);
      const before = permissionsByRole.get(role) ?? [];
      const reason = judgeRoleEdit({ actor, isOwn, before, after });
      if (reason !== undefined) throw refusal(reason);
      const [managed, manages] = [before, after].map((held) => held.includes(managingPermission));
      if (managed === true && manages !== true) {
        const managing = managingRoles(permissionsByRole);
        const others = managing.filter((name) => name !== role);
        if ((await users.existsWithRole(managing, '')) && !(await users.existsWithRole(others, '')))
          throw lastManager();
      }
      return { gainsManagement: managed !== true && manages === true };
    },
    async noteRefusal(error, target, context) {
      if (!(error instanceof SallyportError) || !isRefusal(error)) return;
      const details = { reason: error.reason ?? 'refused', code: error.code };
      const about = target === undefined ? {} : { target };
      await events.append({ type: 'access.refused', at: now(), outcome: 'refused', ...about, ...context, details });
    },
    async managers(limit) {
      const { permissionsByRole } = await readStoredRoles(records);
      return users.listWithRole(managingRoles(permissionsByRole), limit);
    },
  };
}

/** Whether it is among those who keep the system manageable: it holds the permission, and can sign in. */
function canManage({ roles, emailVerified, isBanned }: User, managing: readonly string[]): boolean {
  return emailVerified && !isBanned && roles.some((role) => managing.includes(role));
}

function lastManager(): SallyportError {
  return new SallyportError('SP_LAST_MANAGER', { reason: 'last-manager' });
}

function refusal(reason: AuthorityRefusal): SallyportError {
  return new SallyportError(refusals[reason], { reason });
}

function isRefusal({ code }: SallyportError): boolean {
  return code === 'SP_AUTHORITY_EXCEEDED' || code === 'SP_FORBIDDEN' || code === 'SP_LAST_MANAGER';
}
