import type { RecordFilter, Records } from '@sallyport/core';

/** An account, as the rest of identity sees it. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  /** Grows when the authority of the user changes: roles, ban, password. */
  readonly generation: number;
  readonly isBanned: boolean;
  /** The ban that lasts now; `null` where `isBanned` is false. */
  readonly ban: Ban | null;
  readonly createdAt: Date;
  /** When an account of a sign-up is deleted, unless its address is proved before; `null` for all others. */
  readonly expiresAt: Date | null;
}

/** A ban: nothing of the account is of use while it lasts. */
export interface Ban {
  readonly at: Date;
  /** When it ends by itself; `null` when an administrator has to lift it. */
  readonly until: Date | null;
  /** For those who manage accounts, in their words; the owner is not shown it. */
  readonly reason: string | null;
}

/** What may change, together with the generation. */
export interface UserChange {
  readonly roles?: readonly string[];
  readonly name?: string;
  /** `null` lifts a ban. An account that was banned once does not expire. */
  readonly ban?: Ban | null;
}

/** An account to write as it is. */
export interface NewUserRow {
  /** Of `createRowId`. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly passwordHash?: string | undefined;
}

/** An account that has expired is one that is not there. */
export interface UserTable {
  findById(id: string): Promise<User | null>;
  findByEmail(email: string): Promise<User | null>;
  /** A page of all users in the order of their ids, after the one with this id. */
  list(limit: number, afterId?: string): Promise<readonly User[]>;
  /** Those who hold one of these roles and can sign in, in the order of their ids. Reads the whole table. */
  listWithRole(roles: readonly string[], limit: number): Promise<readonly User[]>;
  /** Whether an account beside this one holds one of these roles and can sign in. */
  existsWithRole(roles: readonly string[], beside: string): Promise<boolean>;
  /** Those of these addresses that have an account which does not give way to another. */
  knownAmong(emails: readonly string[]): Promise<ReadonlySet<string>>;
  /** Writes an account and its password. Rejects when the address has an account. */
  insert(user: NewUserRow, at: Date): Promise<void>;
  /** The account of a sign-up whose address was never proved, also when it has expired. */
  findPending(email: string): Promise<User | null>;
  /**
   * Deletes such an account and its password: `true` for exactly one caller, and never when its address was proved, or when
   * it lives longer than `expiredAt`.
   */
  deletePending(id: string, expiredAt?: Date): Promise<boolean>;
  /** Some of such accounts that expired before a moment, the oldest first. */
  listExpired(at: Date, limit: number): Promise<readonly User[]>;
  /** Lets such an account wait longer. Does nothing to any other. */
  keepPending(id: string, expiresAt: Date): Promise<void>;
  /**
   * Marks the address as verified; authority does not change by it. `true` for exactly one caller; `false` when the
   * account is gone.
   */
  markVerified(id: string, at: Date): Promise<boolean>;
  /** Changes authority: the generation grows by one. Compare-and-set; resolves to `null` when another change was faster. */
  change(user: User, change: UserChange, at: Date): Promise<User | null>;
  /** Deletes an account and its password. Compare-and-set: `false` when another change was faster. */
  delete(user: User): Promise<boolean>;
}

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: string | null;
  readonly generation: number;
  readonly bannedAt: Date | null;
  readonly bannedUntil?: Date | null;
  readonly banReason?: string | null;
  readonly createdAt: Date;
  readonly expiresAt?: Date | null;
}

const model = 'user';
/** Accounts that are read at once when those with a role are looked for. */
const pageSize = 100;

const isPending: readonly RecordFilter[] = [
  { field: 'emailVerified', value: false },
  { field: 'expiresAt', value: null, operator: 'ne' },
];

const hasExpired = (at: Date): readonly RecordFilter[] => [
  { field: 'emailVerified', value: false },
  { field: 'expiresAt', value: at, operator: 'lte' },
];

/** Builds access to Better Auth's table of users. */
export function createUserTable(records: Records, now: () => Date): UserTable {
  const toUser = (row: UserRow): User => readUser(row, now());
  const find = async (field: 'id' | 'email', value: string): Promise<User | null> => {
    const row = await records.findOne<UserRow>({ model, where: [{ field, value }] });
    const user = row === null ? null : toUser(row);
    return user === null || (user.expiresAt !== null && user.expiresAt <= now()) ? null : user;
  };
  /** Roles are one text, so that the database finds too many rows, of which those that count are chosen here. */
  async function* withRole(role: string): AsyncGenerator<User> {
    for (let after = ''; ;) {
      const rows = await records.findMany<UserRow>({
        model,
        where: [
          { field: 'roles', operator: 'contains', value: role },
          { field: 'id', operator: 'gt', value: after },
        ],
        sortBy: { field: 'id', direction: 'asc' },
        limit: pageSize,
      });
      yield* rows.map(toUser).filter((user) => user.roles.includes(role) && user.emailVerified && !user.isBanned);
      after = rows.at(-1)?.id ?? '';
      if (rows.length < pageSize) return;
    }
  }
  return {
    findById: (id) => find('id', id),
    findByEmail: (email) => find('email', email.toLowerCase()),
    async list(limit, afterId) {
      const rows = await records.findMany<UserRow>({
        model,
        ...(afterId === undefined ? {} : { where: [{ field: 'id', operator: 'gt', value: afterId }] }),
        sortBy: { field: 'id', direction: 'asc' },
        limit,
      });
      return rows.map(toUser);
    },
    async listWithRole(roles, limit) {
      const found = new Map<string, User>();
      for (const role of roles)
        for await (const user of withRole(role)) {
          if (found.size < limit) found.set(user.id, user);
          else return [...found.values()];
        }
      return [...found.values()];
    },
    async existsWithRole(roles, beside) {
      for (const role of roles) for await (const { id } of withRole(role)) if (id !== beside) return true;
      return false;
    },
    async knownAmong(emails) {
      if (emails.length === 0) return new Set();
      const where = [{ field: 'email', operator: 'in' as const, value: [...emails] }];
      const rows = await records.findMany<UserRow>({ model, where, limit: emails.length });
      return new Set(rows.flatMap((row) => (isPendingAccount(toUser(row)) ? [] : [row.email])));
    },
    async insert({ passwordHash, roles, ...user }, at) {
      const times = { createdAt: at, updatedAt: at };
      const data = { ...user, ...times, roles: rolesToText(roles), generation: 1 };
      const { id } = await records.create<UserRow>({ model, data, forceAllowId: true });
      if (passwordHash !== undefined) {
        const credential = { userId: id, accountId: id, providerId: 'credential', password: passwordHash, ...times };
        await records.create({ model: 'account', data: credential });
      }
    },
    async findPending(email) {
      const where = [{ field: 'email', value: email.toLowerCase() }, ...isPending];
      const row = await records.findOne<UserRow>({ model, where });
      return row === null ? null : toUser(row);
    },
    async deletePending(id, expiredAt) {
      const where = [{ field: 'id', value: id }, ...(expiredAt === undefined ? isPending : hasExpired(expiredAt))];
      if ((await records.deleteMany({ model, where })) !== 1) return false;
      await records.deleteMany({ model: 'account', where: [{ field: 'userId', value: id }] });
      return true;
    },
    async listExpired(at, limit) {
      const sortBy = { field: 'expiresAt', direction: 'asc' } as const;
      return (await records.findMany<UserRow>({ model, where: [...hasExpired(at)], sortBy, limit })).map(toUser);
    },
    async keepPending(id, expiresAt) {
      await records.updateMany({ model, where: [{ field: 'id', value: id }, ...isPending], update: { expiresAt } });
    },
    async markVerified(id, at) {
      const count = await records.updateMany({
        model,
        where: [
          { field: 'id', value: id },
          { field: 'emailVerified', value: false },
        ],
        update: { emailVerified: true, expiresAt: null, updatedAt: at },
      });
      return count === 1;
    },
    async change(user, { roles, name, ban }, at) {
      const generation = user.generation + 1;
      const count = await records.updateMany({
        model,
        where: [
          { field: 'id', value: user.id },
          { field: 'generation', value: user.generation },
        ],
        update: {
          generation,
          updatedAt: at,
          ...(roles === undefined ? {} : { roles: rolesToText(roles) }),
          ...(name === undefined ? {} : { name }),
          ...(ban === undefined ? {} : { ...toBanColumns(ban), expiresAt: null }),
        },
      });
      if (count !== 1) return null;
      return {
        ...user,
        generation,
        roles: roles ?? user.roles,
        name: name ?? user.name,
        ...(ban === undefined ? {} : { ban, isBanned: ban !== null, expiresAt: null }),
      };
    },
    async delete({ id, generation }) {
      const where: RecordFilter[] = [
        { field: 'id', value: id },
        { field: 'generation', value: generation },
      ];
      if ((await records.deleteMany({ model, where })) !== 1) return false;
      await records.deleteMany({ model: 'account', where: [{ field: 'userId', value: id }] });
      return true;
    },
  };
}

/** Says whether an account gives way to a new sign-up with its address, and to an operator. */
export function isPendingAccount({ emailVerified, expiresAt }: Pick<User, 'emailVerified' | 'expiresAt'>): boolean {
  return !emailVerified && expiresAt !== null;
}

/** How roles are stored: their names, with a space between. */
export function rolesToText(roles: readonly string[]): string {
  return roles.join(' ');
}

function toBanColumns(ban: Ban | null) {
  return { bannedAt: ban?.at ?? null, bannedUntil: ban?.until ?? null, banReason: ban?.reason ?? null };
}

/** The row, as it is at a time: a ban may be over. */
function readUser(row: UserRow, at: Date): User {
  const ban = readBan(row, at);
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    emailVerified: row.emailVerified,
    roles: (row.roles ?? '').split(' ').filter((role) => role !== ''),
    generation: row.generation,
    isBanned: ban !== null,
    ban,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt ?? null,
  };
}

function readBan({ bannedAt, bannedUntil = null, banReason = null }: UserRow, at: Date): Ban | null {
  if (bannedAt === null || bannedAt === undefined) return null;
  if (bannedUntil !== null && bannedUntil <= at) return null;
  return { at: bannedAt, until: bannedUntil, reason: banReason };
}
