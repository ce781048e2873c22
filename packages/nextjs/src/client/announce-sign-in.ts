import { activeSessionSync } from './active-session-sync.ts';
import { postSessionNews } from './session-channel.ts';

/**
 * Tells the other tabs that a user signed in here: they look who it is, and reload when they show another user.
 * Call it when the sign-in has succeeded, then load the next page whole (`location.assign`), so that nothing of the page
 * before remains.
 */
export function announceSignIn(): void {
  activeSessionSync()?.standDown();
  postSessionNews({ kind: 'signed-in' });
}
