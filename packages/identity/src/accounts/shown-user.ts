import type { User } from './user-table.ts';

/** What the pages are told of the owner of a new session. */
export function toShownUser({ id, name, email, roles }: User) {
  return { id, name, email, roles };
}
