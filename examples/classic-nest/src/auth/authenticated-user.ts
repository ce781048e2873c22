import type { Role } from '../users/role.enum.ts';

/** What the strategies put on the request as `user`. */
export interface AuthenticatedUser {
  readonly userId: string;
  readonly email: string;
  readonly role: Role;
}
