import type { Role } from '../role.enum.ts';

/** What callers see of a user. */
export interface UserDto {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export function toUserDto({ id, name, email, role }: UserDto): UserDto {
  return { id, name, email, role };
}
