import {
  retryContended,
  SallyportError,
  type InvalidationBus,
  type SecurityEventLog,
  type SessionRecord,
  type SessionStore,
} from '@sallyport/core';
import type { AccountData, AccountFact } from '../../accounts/account-data.ts';
import type { ActingAccounts } from '../../accounts/acting-accounts.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import type { EndWeakSessions } from '../../sessions/weak-sessions.ts';
import { operatorContext, type AuditContext } from '../../events/audit-context.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { AllowedRoleChange, Authority } from '../../accounts/authority.ts';
import type { RoleDirectory } from '../../accounts/role-directory.ts';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { PendingAccounts } from '../../accounts/pending-accounts.ts';
import { unknownAccount } from '../../accounts/unknown-account.ts';
import { isPendingAccount, type User, type UserTable } from '../../accounts/user-table.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import { createAccountExclusion, type BanTerms } from './account-exclusion.ts';
import { createAuthorityMails } from './authority-mails.ts';
import type { AdministrationEvent } from './administration-events.ts';
import type { AdministrationMail } from './administration-mails.ts';
import { createInsertImportedAccounts } from './insert-imported-accounts.ts';
import type { ImportedUser } from './user-import.ts';

/** An account to make. */
export interface NewUser {
  readonly name: string;
  readonly email: string;
  /** Without one, the account cannot sign in until `invite` let the owner choose one. */
  readonly password?: string | undefined;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
}

/** Accounts as an operator or a command sees them. No limits on guessing, no mail, and no rules on passwords apply. */
export interface Accounts {
  /**
   * Makes an account, in place of one whose sign-up waits for the proof of its address. Rejects with `SP_CONFLICT` when the address has one,
   * `SP_VALIDATION_FAILED` for an unknown role, `SP_AUTHORITY_EXCEEDED` for one that the actor must not give, and
   * `SP_FORBIDDEN` when the actor may not manage accounts.
   */
  createUser(user: NewUser, context?: AuditContext): Promise<User>;
  findByEmail(email: string): Promise<User | null>;
  findById(id: string): Promise<User | null>;
  /**
   * Replaces the roles of a user. The change is durable and every cache has heard of it when this resolves. Sessions
   * whose sign-in is weaker than the new roles demand have ended. The owner is told by mail, and so are those who can
   * manage accounts when another one can.
   * Rejects with `SP_NOT_FOUND`, `SP_VALIDATION_FAILED` for an unknown role, `SP_AUTHORITY_EXCEEDED` for what the actor
   * of the context must not give or take, `SP_LAST_MANAGER`, and `SP_CONFLICT` for a
   * sign-up that waits for the proof of its address: it may be a stranger's.
   */
  setRoles(userId: string, roles: readonly string[], context?: AuditContext): Promise<User>;
  /** A page of accounts in the order of their ids, after the one with this id. */
  list(limit: number, afterId?: string): Promise<readonly User[]>;
  /** Those of these names that are not roles. */
  unknownRoles(names: readonly string[]): Promise<readonly string[]>;
  /** The names of all roles. */
  roleNames(): Promise<readonly string[]>;
  /** Those of these addresses that have an account. */
  knownAmong(emails: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Takes accounts over from another system, with their password hashes as they are: all of them or none where the
   * database has transactions, else one by one. An address that has an account, or comes twice, is skipped, also when
   * the account is made meanwhile. A sign-up that waits for the proof of its address gives way.
   *
   * @returns how many were made, or rejects with `SP_STORE_UNAVAILABLE`, or with `SP_CONFLICT` when addresses are taken
   *   again and again meanwhile.
   */
  importUsers(users: readonly ImportedUser[], context?: AuditContext): Promise<number>;
  /**
   * Bans a user (`true`, or with an end and a reason), or lifts the ban. A ban is durable, every session has ended and
   * every cache has heard of it when this resolves. Rejects with `SP_NOT_FOUND`, `SP_AUTHORITY_EXCEEDED`, `SP_FORBIDDEN`
   * when the actor may not manage accounts, and `SP_LAST_MANAGER`.
   *
   * @returns how many sessions ended.
   */
  setBanned(userId: string, ban: boolean | BanTerms, context?: AuditContext): Promise<number>;
  /**
   * Deletes an account, with its password, links, sessions and all that features keep of it; its events stay. Every
   * cache has heard of it when this resolves. Rejects as `setBanned` does.
   */
  deleteUser(userId: string, context?: AuditContext): Promise<void>;
  /** What features keep of an account, for operators who look at it. */
  describeUser(userId: string): Promise<readonly AccountFact[]>;
  /** The live sessions of a user. */
  listSessions(userId: string): Promise<readonly SessionRecord[]>;
  /** Ends every session of a user, and resolves to their number. */
  endSessions(userId: string, context?: AuditContext): Promise<number>;
  /**
   * Makes a link with which the owner chooses a password, once and within an hour, and resolves to its token. What is to
   * be handed over is not mailed. Rejects with `SP_AUTHORITY_EXCEEDED`, or `SP_FORBIDDEN` when the actor may not manage
   * accounts.
   */
  invite(user: User, how: 'mail' | 'hand-over', context?: AuditContext): Promise<string>;
}

export interface AccountsOptions {
  readonly engine: Engine;
  readonly users: UserTable;
  readonly roles: RoleDirectory;
  readonly hashing: PasswordHashing;
  readonly links: OneTimeLinks;
  readonly accountData: Pick<AccountData, 'forget' | 'suspend' | 'describe'>;
  readonly actingAccounts: Pick<ActingAccounts, 'find'>;
  readonly authority: Authority;
  readonly pendingAccounts: PendingAccounts;
  readonly mailer: AccountMailer<AdministrationMail>;
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly endWeakSessions: EndWeakSessions;
  readonly events: SecurityEventLog<KernelEvent | AdministrationEvent>;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether a transaction that failed left nothing. */
  readonly hasTransactions: boolean;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;

export function createAccounts(options: AccountsOptions): Accounts {
  const { engine, users, roles, hashing, links, mailer, sessions, endWeakSessions } = options;
  const { authority, events, bus, pendingAccounts, transaction, makeReportedChange, now } = options;

  const mails = createAuthorityMails(options);
  const exclusion = createAccountExclusion(options);
  const insertImported = createInsertImportedAccounts({ ...options, mails });

  const requireRoles = async (names: readonly string[]): Promise<void> => {
    if ((await roles.unknownAmong(names)).length === 0) return;
    throw new SallyportError('SP_VALIDATION_FAILED', {
      reason: 'role-unknown',
      errors: [{ field: 'roles', message: 'names an unknown role' }],
    });
  };

  const changeRoles = async (
    userId: string,
    names: readonly string[],
    context: AuditContext,
  ): Promise<({ readonly user: User } & AllowedRoleChange) | null> => {
    const user = await users.findById(userId);
    if (user === null) throw unknownAccount();
    if (isPendingAccount(user)) {
      const errors = [{ field: 'id', message: 'is an account whose email address is not confirmed yet' }];
      throw new SallyportError('SP_CONFLICT', { reason: 'address-unproven', errors });
    }
    const allowed = await authority.requireRoleChange({ target: userId, before: user.roles, after: names, context });
    const changed = await makeReportedChange({
      preview: async () => user,
      apply: () => users.change(user, { roles: names }, now()),
      report: () =>
        events.append({
          type: 'account.roles-changed',
          at: now(),
          outcome: 'success',
          target: userId,
          ...context,
          details: { from: [...user.roles], to: [...names] },
        }),
    });
    return changed === null ? null : { user: changed, ...allowed };
  };

  const publishChange = ({ id, generation }: User, reason: string): Promise<unknown> =>
    bus.publish({ kind: 'user', id, minGeneration: generation, at: now(), reason });

  return {
    findByEmail: (email) => users.findByEmail(email),
    findById: (id) => users.findById(id),
    async createUser({ password, ...user }, context = operatorContext) {
      await requireRoles(user.roles);
      const owner = await users.findByEmail(user.email);
      if (owner !== null && !isPendingAccount(owner)) throw addressTaken();
      const passwordHash = password === undefined ? undefined : await hashing.hash(password);
      let gainsManagement = false;
      const make = async (): Promise<string> => {
        // Before anything is written: without transactions nothing is taken back.
        ({ gainsManagement } = await authority.requireRoleChange({
          target: '',
          before: [],
          after: user.roles,
          context,
        }));
        await pendingAccounts.discard(user.email, 'made-by-operator', context);
        return engine.createAccount({ ...user, passwordHash }, (target) =>
          events.append({ type: 'account.created', at: now(), outcome: 'success', target, ...context, details: {} }),
        );
      };
      const id = await transaction(make).catch(async (error: unknown) => {
        await authority.noteRefusal(error, undefined, context);
        // Another one made an account with the address since it was looked up.
        throw error instanceof SallyportError && error.reason === 'duplicate' ? addressTaken() : error;
      });
      const created = await users.findById(id);
      if (created === null) throw new SallyportError('SP_CONFLICT', { reason: 'account-changed' });
      if (gainsManagement) await mails.tellManagers(created, context);
      return created;
    },
    async setRoles(userId, names, context = operatorContext) {
      const wanted = [...new Set(names)];
      await requireRoles(wanted);
      return retryContended(contention, async () => {
        const changed = await transaction(() => changeRoles(userId, wanted, context)).catch(async (error: unknown) => {
          await authority.noteRefusal(error, userId, context);
          throw error;
        });
        if (changed === null) return 'retry';
        const { user, gainsManagement } = changed;
        await publishChange(user, 'roles-changed');
        await endWeakSessions(user, 'roles-changed', context);
        await mails.tellOwner(user, context);
        if (gainsManagement) await mails.tellManagers(user, context);
        return user;
      });
    },
    list: (limit, afterId) => users.list(limit, afterId),
    unknownRoles: (names) => roles.unknownAmong(names),
    roleNames: () => roles.names(),
    knownAmong: (emails) => users.knownAmong(emails),
    importUsers: (batch, context = operatorContext) => insertImported(batch, context),
    setBanned: (userId, ban, context = operatorContext) =>
      exclusion.setBanned(userId, ban === false ? null : ban === true ? {} : ban, context),
    deleteUser: (userId, context = operatorContext) => exclusion.deleteUser(userId, context),
    describeUser: (userId) => options.accountData.describe(userId),
    listSessions: (userId) => sessions.listLive(userId, now()),
    endSessions: (userId, context = operatorContext) => exclusion.endSessions(userId, 'administrator', context),
    async invite(user, how, context = operatorContext) {
      const target = user.id;
      const token = await transaction(async () => {
        await authority.requireProtectionChange(user, context);
        const reported = { at: now(), outcome: 'success', target, ...context } as const;
        await events.append({ type: 'account.invited', ...reported, details: { how } });
        return links.issue('reset-password', target);
      });
      if (how === 'mail') await mailer.send('invitation', user, token);
      return token;
    },
  };
}

function addressTaken(): SallyportError {
  const errors = [{ field: 'email', message: 'has an account' }];
  return new SallyportError('SP_CONFLICT', { reason: 'address-taken', errors });
}
