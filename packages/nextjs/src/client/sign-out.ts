import { activeSessionSync } from './active-session-sync.ts';
import { authFetch } from './auth-fetch.ts';
import { postSessionNews } from './session-channel.ts';
import type { SignedOutReason } from './session-message.ts';
import { signedOutUrl } from './session-sync.ts';

export interface SignOutOptions {
  /** Ends the sessions of every device of this person, not only this browser's. @default false */
  readonly everywhere?: boolean;
}

/**
 * Signs out, in every tab of every application behind this gateway, and goes to the signed-out page.
 *
 * Never pretends: when the session could not be ended, nothing moves and the promise rejects.
 *
 * @throws ProblemError when the gateway refused or could not do it (`SP_STORE_UNAVAILABLE`), or when no user is signed in any
 *   more and the other devices therefore stay as they are (`SP_UNAUTHENTICATED`); TypeError when there was no answer.
 */
export async function signOut(options: SignOutOptions = {}): Promise<void> {
  const reason: SignedOutReason = options.everywhere === true ? 'everywhere' : 'signed-out';
  const path = reason === 'everywhere' ? '/auth/sessions/revoke-all' : '/auth/sign-out';
  const end = (): Promise<Response> => authFetch(path, { method: 'POST', json: {} });
  const sync = activeSessionSync();
  if (sync !== undefined) return sync.signOut(reason, end);
  await end();
  postSessionNews({ kind: 'signed-out', reason });
  location.replace(signedOutUrl(reason));
}
