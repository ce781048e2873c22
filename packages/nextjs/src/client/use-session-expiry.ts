'use client';

import { sessionExtensionPath } from '@sallyport/core/browser';
import { use, useMemo, useSyncExternalStore } from 'react';
import { activeSessionSync } from './active-session-sync.ts';
import { authFetch } from './auth-fetch.ts';
import { parseExpiry, timeOf } from './current-session.ts';
import { ExpiryContext } from './expiry-context.ts';
import type { ExpiryWatch, SessionExpiryState } from './expiry-watch.ts';

/** Whether the session is about to expire, and what its user can do about it. */
export type SessionExpiry = SessionExpiryState & {
  /**
   * Stays signed in, in every tab.
   *
   * @throws ProblemError when the gateway could not do it; with `SP_UNAUTHENTICATED` the tab also goes to sign in. TypeError
   *   when there was no answer.
   */
  readonly extend: () => Promise<void>;
};

/**
 * Says from two minutes before it ends that the session is about to expire (of a short session from its last quarter on):
 * show a warning with a button that calls `extend`.
 *
 * @throws Error outside `<SallyportProvider>`.
 *
 * @example
 * const expiry = useSessionExpiry();
 * if (expiry.status === 'near' && expiry.canExtend) return <button onClick={() => void expiry.extend()}>Stay signed in</button>;
 */
export function useSessionExpiry(): SessionExpiry {
  const watch = use(ExpiryContext);
  if (watch === undefined)
    throw new Error('useSessionExpiry() was called outside <SallyportProvider>: put one in the root layout');
  const state = useSyncExternalStore(watch.subscribe, watch.get, watch.get);
  return useMemo(() => ({ ...state, extend: () => extend(watch) }), [state, watch]);
}

async function extend(watch: ExpiryWatch): Promise<void> {
  const response = await authFetch(sessionExtensionPath, { method: 'POST' });
  const expiry = parseExpiry(await response.json(), timeOf(response));
  if (expiry !== undefined) watch.note(expiry);
  activeSessionSync()?.extended();
}
