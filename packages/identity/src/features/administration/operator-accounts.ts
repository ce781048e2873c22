import type { AskOperation, SessionRecord } from '@sallyport/core';
import * as z from 'zod';
import type { AccountFact } from '../../accounts/account-data.ts';
import type { User } from '../../accounts/user-table.ts';
import type { BanTerms } from './account-exclusion.ts';
import type { Accounts, NewUser } from './accounts.ts';
import type { ImportedUser } from './user-import.ts';

/** An account that was made for its owner, and the token of the link with which the owner chooses a password. */
export interface InvitedUser {
  readonly user: User;
  readonly token: string;
}

/** What commands show of a session. */
export type ShownSession = Pick<SessionRecord, 'sid' | 'acr' | 'createdAt' | 'lastActiveAt'> & {
  readonly device: Pick<SessionRecord['device'], 'label' | 'address'>;
};

/** Accounts as an operator changes them, wherever that is done. Each method is done as a whole, or rejects. */
export interface OperatorAccounts extends Pick<
  Accounts,
  'findByEmail' | 'list' | 'unknownRoles' | 'roleNames' | 'knownAmong'
> {
  createUser(user: NewUser): Promise<User>;
  /** Makes an account without a password, and the link to choose one: mailed, or to be handed over. */
  createInvited(user: NewUser, how: 'mail' | 'hand-over'): Promise<InvitedUser>;
  setRoles(userId: string, roles: readonly string[]): Promise<User>;
  importUsers(users: readonly ImportedUser[]): Promise<number>;
  setBanned(userId: string, ban: boolean | BanTerms): Promise<number>;
  deleteUser(userId: string): Promise<void>;
  /** What features keep of an account. */
  describeUser(userId: string): Promise<readonly AccountFact[]>;
  listSessions(userId: string): Promise<readonly ShownSession[]>;
  endSessions(userId: string): Promise<number>;
  /** Ends every session of every account, and resolves to their number. */
  endAllSessions(): Promise<number>;
}

const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  roles: z.array(z.string()),
  generation: z.number(),
  isBanned: z.boolean(),
  ban: z.object({ at: z.coerce.date(), until: z.coerce.date().nullable(), reason: z.string().nullable() }).nullable(),
  createdAt: z.coerce.date(),
  expiresAt: z.coerce.date().nullable(),
});
const sessionSchema = z.object({
  sid: z.string(),
  acr: z.enum(['pwd', 'mfa', 'phr']),
  createdAt: z.coerce.date(),
  lastActiveAt: z.coerce.date(),
  device: z.object({ label: z.string(), address: z.string() }),
});
const names = z.array(z.string());

/** Builds the accounts of operators on their operations. What comes back from another process is checked. */
export function createOperatorAccounts(ask: AskOperation): OperatorAccounts {
  return {
    findByEmail: async (email) => userSchema.nullable().parse(await ask('accounts/find', { email })),
    list: async (limit, afterId) => z.array(userSchema).parse(await ask('accounts/list', { limit, afterId })),
    unknownRoles: async (roles) => names.parse(await ask('roles/unknown', { roles })),
    roleNames: async () => names.parse(await ask('roles/names', {})),
    knownAmong: async (emails) => new Set(names.parse(await ask('accounts/known', { emails }))),
    createUser: async (user) => userSchema.parse(await ask('accounts/create', { user })),
    createInvited: async (user, how) =>
      z.object({ user: userSchema, token: z.string() }).parse(await ask('accounts/invite', { user, how })),
    setRoles: async (userId, roles) => userSchema.parse(await ask('accounts/set-roles', { userId, roles })),
    importUsers: async (users) => z.number().parse(await ask('accounts/import', { users })),
    setBanned: async (userId, ban) => {
      const terms = typeof ban === 'boolean' ? {} : { reason: ban.reason, until: ban.until?.toISOString() };
      return z.number().parse(await ask('accounts/set-banned', { userId, isBanned: ban !== false, ...terms }));
    },
    deleteUser: async (userId) => void (await ask('accounts/delete', { userId })),
    describeUser: async (userId) =>
      z.array(z.object({ name: z.string(), values: names })).parse(await ask('accounts/facts', { userId })),
    listSessions: async (userId) => z.array(sessionSchema).parse(await ask('sessions/list', { userId })),
    endSessions: async (userId) => z.number().parse(await ask('sessions/end', { userId })),
    endAllSessions: async () => z.number().parse(await ask('sessions/end-all', {})),
  };
}
