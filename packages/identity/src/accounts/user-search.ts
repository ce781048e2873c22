import type { UserStatus } from '@sallyport/core';
import type { User, UserTable } from './user-table.ts';

/** What an account has to be to be found. Everything that is given has to hold. */
export interface UserFilter {
  readonly role?: string | undefined;
  readonly status?: UserStatus | undefined;
  /** Made at this time or later. */
  readonly createdFrom?: Date | undefined;
  /** Made before this time. */
  readonly createdBefore?: Date | undefined;
}

/** A page of accounts in the order of their ids. */
export interface UserPage {
  readonly users: readonly User[];
  /** The id after which the next page begins; `null` on the last one. */
  readonly next: string | null;
}

/**
 * Accounts that one page looks through at most: no request reads a whole table, whatever it looks for. A page of a rare
 * role may therefore be empty and not be the last.
 */
const maxRead = 500;

/** Finds a page of accounts, after the one with this id. An account that has expired is not there. */
export async function searchUsers(
  users: Pick<UserTable, 'list'>,
  filter: UserFilter,
  { limit, after, at }: { readonly limit: number; readonly after: string | undefined; readonly at: Date },
): Promise<UserPage> {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const wanted = isFiltered ? maxRead : limit + 1;
  const read = await users.list(wanted, after);
  const found = read.filter((user) => isThere(user, at) && matches(user, filter));
  const shown = found.slice(0, limit);
  if (found.length > limit) return { users: shown, next: shown.at(-1)?.id ?? null };
  return { users: shown, next: read.length < wanted ? null : (read.at(-1)?.id ?? null) };
}

/** The one word for what an account is. */
export function statusOf({ isBanned, emailVerified }: Pick<User, 'isBanned' | 'emailVerified'>): UserStatus {
  if (isBanned) return 'banned';
  return emailVerified ? 'active' : 'unverified';
}

function isThere({ expiresAt }: User, at: Date): boolean {
  return expiresAt === null || expiresAt > at;
}

function matches(user: User, { role, status, createdFrom, createdBefore }: UserFilter): boolean {
  return (
    (role === undefined || user.roles.includes(role)) &&
    (status === undefined || statusOf(user) === status) &&
    (createdFrom === undefined || user.createdAt >= createdFrom) &&
    (createdBefore === undefined || user.createdAt < createdBefore)
  );
}
