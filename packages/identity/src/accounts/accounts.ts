import { SallyportError, type InvalidationBus, type SecurityEventLog } from '@sallyport/core';
import type { Engine } from '../engine/better-auth-engine.ts';
import type { EndWeakSessions } from '../sessions/weak-sessions.ts';
import type { PasswordHashing } from './password-hashing.ts';
import type { RoleDirectory } from './role-directory.ts';
import type { User, UserTable } from './user-table.ts';

/** An account to make. */
export interface NewUser {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
}

/** By whom, under which request and from where something was done; for the event that says so. */
export interface Origin {
  /** Subject id of who acts; absent when it is the operator of the process. */
  readonly actor?: string;
  readonly requestId: string;
  readonly address: string;
}

/** Accounts as an operator or a command sees them. No limits on guessing, no mail, and no rules on passwords apply. */
export interface Accounts {
  /** Makes an account. Rejects with `SP_CONFLICT` when the address has one, `SP_VALIDATION_FAILED` for an unknown role. */
  createUser(user: NewUser, origin?: Origin): Promise<User>;
  findByEmail(email: string): Promise<User | null>;
  findById(id: string): Promise<User | null>;
  /**
   * Replaces the roles of a user. The change is durable and every cache has heard of it when this resolves. Sessions
   * whose sign-in is weaker than the new roles demand have ended.
   * Rejects with `SP_NOT_FOUND`, or with `SP_VALIDATION_FAILED` for an unknown role.
   */
  setRoles(userId: string, roles: readonly string[], origin?: Origin): Promise<User>;
}

export interface AccountsOptions {
  readonly engine: Engine;
  readonly users: UserTable;
  readonly roles: RoleDirectory;
  readonly hashing: PasswordHashing;
  readonly endWeakSessions: EndWeakSessions;
  readonly events: SecurityEventLog;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => Date;
}

const operator: Origin = { requestId: 'operator', address: 'local' };
const maximumAttempts = 20;

export function createAccounts(options: AccountsOptions): Accounts {
  const { engine, users, roles, hashing, endWeakSessions, events, bus, transaction, now } = options;

  const requireRoles = async (names: readonly string[]): Promise<void> => {
    if ((await roles.unknownAmong(names)).length === 0) return;
    throw new SallyportError('SP_VALIDATION_FAILED', {
      errors: [{ field: 'roles', message: 'names an unknown role' }],
    });
  };

  const changeRoles = async (userId: string, names: readonly string[], origin: Origin): Promise<User | null> => {
    const user = await users.findById(userId);
    if (user === null) throw new SallyportError('SP_NOT_FOUND');
    const changed = await users.change(user, { roles: names }, now());
    if (changed === null) return null;
    await events.append({
      type: 'account.roles-changed',
      at: now(),
      outcome: 'success',
      target: userId,
      ...origin,
      details: { from: [...user.roles], to: [...names] },
    });
    return changed;
  };

  return {
    findByEmail: (email) => users.findByEmail(email),
    findById: (id) => users.findById(id),
    async createUser({ password, ...user }, origin = operator) {
      await requireRoles(user.roles);
      if ((await users.findByEmail(user.email)) !== null) throw new SallyportError('SP_CONFLICT');
      const passwordHash = await hashing.hash(password);
      const id = await engine.createAccount({ ...user, passwordHash }, (userId) =>
        events.append({
          type: 'account.created',
          at: now(),
          outcome: 'success',
          target: userId,
          ...origin,
          details: {},
        }),
      );
      const created = await users.findById(id);
      if (created === null) throw new SallyportError('SP_CONFLICT');
      return created;
    },
    async setRoles(userId, names, origin = operator) {
      const wanted = [...new Set(names)];
      await requireRoles(wanted);
      for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
        const changed = await transaction(() => changeRoles(userId, wanted, origin));
        if (changed === null) continue;
        const { id, generation } = changed;
        await bus.publish({ kind: 'user', id, minGeneration: generation, at: now(), reason: 'roles-changed' });
        await endWeakSessions(changed, origin);
        return changed;
      }
      throw new SallyportError('SP_CONFLICT');
    },
  };
}
