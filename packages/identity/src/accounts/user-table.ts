import type { Records } from '@sallyport/core';

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
}

/** What may change, together with the generation. */
export interface UserChange {
  readonly roles?: readonly string[];
  readonly emailVerified?: boolean;
}

export interface UserTable {
  findById(id: string): Promise<User | null>;
  findByEmail(email: string): Promise<User | null>;
  /** Marks the address as verified. Authority does not change by it. */
  markVerified(id: string, at: Date): Promise<void>;
  /** Changes authority: the generation grows by one. Compare-and-set; resolves to `null` when somebody else was faster. */
  change(user: User, change: UserChange, at: Date): Promise<User | null>;
}

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: string | null;
  readonly generation: number;
  readonly bannedAt: Date | null;
}

const model = 'user';

/** Builds access to Better Auth's table of users. */
export function createUserTable(records: Records): UserTable {
  const find = async (field: 'id' | 'email', value: string): Promise<User | null> => {
    const row = await records.findOne<UserRow>({ model, where: [{ field, value }] });
    return row === null ? null : toUser(row);
  };
  return {
    findById: (id) => find('id', id),
    findByEmail: (email) => find('email', email.toLowerCase()),
    async markVerified(id, at) {
      await records.updateMany({
        model,
        where: [{ field: 'id', value: id }],
        update: { emailVerified: true, updatedAt: at },
      });
    },
    async change(user, { roles, emailVerified }, at) {
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
          ...(emailVerified === undefined ? {} : { emailVerified }),
        },
      });
      if (count !== 1) return null;
      return { ...user, generation, roles: roles ?? user.roles, emailVerified: emailVerified ?? user.emailVerified };
    },
  };
}

/** How roles are stored: their names, with a space between. */
export function rolesToText(roles: readonly string[]): string {
  return roles.join(' ');
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    emailVerified: row.emailVerified,
    roles: (row.roles ?? '').split(' ').filter((role) => role !== ''),
    generation: row.generation,
    isBanned: row.bannedAt !== null && row.bannedAt !== undefined,
  };
}
