'use client';

import { useRouter } from 'next/navigation.js';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { ClientAuth } from '../client-auth.ts';
import { activateSessionSync, activeSessionSync } from './active-session-sync.ts';
import { AuthContext } from './auth-context.ts';
import { browserTab, followTab, watchTab } from './browser-tab.ts';
import { DraftContext } from './draft-context.ts';
import { ExpiryContext } from './expiry-context.ts';
import { createExpiryWatch } from './expiry-watch.ts';
import { createPageDrafts } from './page-drafts.ts';
import { createSessionSync, type SessionSync } from './session-sync.ts';

export interface SallyportProviderProps {
  /** `clientAuth(await auth())`, from the root layout. */
  readonly initial: ClientAuth;
  readonly children: ReactNode;
}

/**
 * Tells the client components of a page who is signed in, and keeps the tab in step with the session: within a second a
 * sign-out anywhere takes it to the signed-out page, and other roles or a step-up ask the server for its data again.
 */
export function SallyportProvider({ initial, children }: SallyportProviderProps): ReactNode {
  const router = useRouter();
  const sync = useRef<SessionSync>(undefined);
  // What the first effect starts from; later values reach the sync through the second effect.
  const first = useRef(initial);
  const [expiry] = useState(() => createExpiryWatch({ ask: () => void activeSessionSync()?.check(), clock: Date.now }));
  const [drafts] = useState(createPageDrafts);
  const { status } = initial;

  useEffect(() => {
    const created = createSessionSync(
      first.current,
      browserTab({ refresh: () => router.refresh(), expiry, forgetDrafts: () => drafts.forget() }),
    );
    sync.current = created;
    const deactivate = activateSessionSync(created);
    const unwatch = watchTab(created);
    const unfollow = status === 'signed-in' ? followTab(created) : undefined;
    return () => {
      unfollow?.();
      unwatch();
      deactivate();
      created.close();
      expiry.forget();
    };
  }, [router, expiry, drafts, status]);

  useEffect(() => {
    first.current = initial;
    sync.current?.update(initial);
    drafts.update(initial);
  }, [initial, drafts]);

  useEffect(() => {
    const keep = (): void => drafts.keep();
    addEventListener('pagehide', keep);
    return () => removeEventListener('pagehide', keep);
  }, [drafts]);

  return (
    <AuthContext value={initial}>
      <ExpiryContext value={expiry}>
        <DraftContext value={drafts}>{children}</DraftContext>
      </ExpiryContext>
    </AuthContext>
  );
}
