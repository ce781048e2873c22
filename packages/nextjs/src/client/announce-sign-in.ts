import { postSessionNews } from './session-channel.ts';

/** Tells the other tabs that someone signed in here: they look who it is, and reload when it is not whom they show. */
export function announceSignIn(): void {
  postSessionNews({ kind: 'signed-in' });
}
