import type { CommandCall } from '../command.ts';
import type { KeptSignIn } from './kept-sign-in.ts';

/** How a user is called, as far as the client may know it. */
export function nameOfUser({ toPlainText }: CommandCall, { user: { id, name, email } }: KeptSignIn): string {
  if (name === undefined) return toPlainText(email ?? id);
  return toPlainText(email === undefined ? name : `${name} (${email})`);
}
