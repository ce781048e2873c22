import { OptionsError, type IdentityUser, type InProcessIdentity } from '@sallyport/core';
import { Inject, Injectable } from '@nestjs/common';
import { SallyportIdentity } from './sallyport-identity.ts';

/** A user of identity, in an application whose users have one role each. */
export interface SingleRoleUser<Role extends string = string> extends Omit<IdentityUser, 'roles'> {
  /** The first role of the user; `undefined` where someone took away the last one. */
  readonly role: Role | undefined;
}

/** A user to make, with a password. */
export interface NewSingleRoleUser<Role extends string = string> {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly role: Role;
  /**
   * Whether the address is known to be the user's; see `NewIdentityUser`. Nothing can be done with an account whose
   * address is not. @default false
   */
  readonly emailVerified?: boolean;
}

const maxUsersOfPage = 1000;

/**
 * The users of identity for an application with a column `role`, under the names that tutorials give to the methods of their
 * `UsersService`. It takes the place of the table of users, or is extended where the application adds to it.
 *
 * Provided by `SallyportIdentityModule`. Rejects as `InProcessIdentity` does.
 *
 * @example
 * \@Injectable()
 * export class UsersService extends SingleRoleUsers<Role> {
 *   register(user: NewSingleRoleUser<Role>) {
 *     return this.create({ ...user, emailVerified: true });
 *   }
 * }
 */
@Injectable()
export class SingleRoleUsers<Role extends string = string> {
  readonly #identity: InProcessIdentity;

  constructor(@Inject(SallyportIdentity) identity: InProcessIdentity) {
    this.#identity = identity;
  }

  /** Rejects with `SP_CONFLICT` when the address has an account, and with `SP_PASSWORD_UNACCEPTABLE`. */
  async create({ role, emailVerified = false, ...user }: NewSingleRoleUser<Role>): Promise<SingleRoleUser<Role>> {
    return toSingleRoleUser(await this.#identity.createUser({ ...user, roles: [role], emailVerified }));
  }

  async findById(id: string): Promise<SingleRoleUser<Role> | null> {
    return toUserOrNone(await this.#identity.findUserById(id));
  }

  /** Upper and lower case are the same. */
  async findByEmail(email: string): Promise<SingleRoleUser<Role> | null> {
    return toUserOrNone(await this.#identity.findUserByEmail(email));
  }

  /**
   * A page of at most 1000 users in the order of their ids, after the one with this id.
   *
   * @throws OptionsError for another limit.
   */
  async findAll(limit = maxUsersOfPage, afterId?: string): Promise<readonly SingleRoleUser<Role>[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > maxUsersOfPage)
      throw new OptionsError(`users are listed in pages of 1 to ${maxUsersOfPage}`);
    return (await this.#identity.listUsers(limit, afterId)).map((user) => toSingleRoleUser<Role>(user));
  }

  /** Takes every other role away: tokens and sessions of those count no more. Rejects with `SP_NOT_FOUND`. */
  async changeRole(id: string, role: Role): Promise<SingleRoleUser<Role>> {
    return toSingleRoleUser(await this.#identity.setRoles(id, [role]));
  }
}

function toSingleRoleUser<Role extends string>({ roles, ...user }: IdentityUser): SingleRoleUser<Role> {
  // The names of roles are those of the policy, which the application wrote.
  return { ...user, role: roles[0] as Role | undefined };
}

function toUserOrNone<Role extends string>(user: IdentityUser | null): SingleRoleUser<Role> | null {
  return user === null ? null : toSingleRoleUser(user);
}
