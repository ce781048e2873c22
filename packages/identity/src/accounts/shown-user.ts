import type { ShownUser } from '@sallyport/core';
import type { User } from './user-table.ts';

/** The owner of a new session, as pages show it. */
export function toShownUser({ id, name, email, roles }: User): ShownUser {
  return { id, name, email, roles };
}
