/*
 * What identity answers under /manage/users, as JSON: times are ISO 8601. Identity checks its answers against these
 * types, and the client of `@sallyport/nestjs` reads them by the same ones.
 */

/** Whether an account can sign in: `unverified` until its address is confirmed, `banned` while a ban lasts. */
export type UserStatus = 'active' | 'unverified' | 'banned';

/** Every status. */
export const userStatuses = ['active', 'unverified', 'banned'] as const satisfies readonly UserStatus[];

/** An account, as a server that manages accounts is shown it. It has no secret, and no hash of one. */
export interface ManagedUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly status: UserStatus;
  readonly emailVerified: boolean;
  /** The ban that lasts now; `null` for an account that is not banned. */
  readonly ban: ManagedBan | null;
  readonly createdAt: string;
  /** When an account of a sign-up is deleted unless its address is confirmed before; `null` for all others. */
  readonly expiresAt: string | null;
}

/** A ban. */
export interface ManagedBan {
  readonly at: string;
  /** When it ends by itself; `null` when it has to be lifted. */
  readonly until: string | null;
  /** Why, in the words of the one who banned; its owner is not shown it. */
  readonly reason: string | null;
}

/** `GET /manage/users` */
export interface ManagedUsersAnswer {
  /** In the order of their ids. With filters a page may hold fewer than asked for, or none, and not be the last. */
  readonly users: readonly ManagedUser[];
  /** What `after` has to be for the next page; `null` on the last one. */
  readonly next: string | null;
}

/** `GET /manage/users/:id`, and every change but a deletion. */
export interface ManagedUserAnswer {
  readonly user: ManagedUser;
}
