'use client';

import { useRouter } from 'next/navigation.js';
import { useEffect, useRef, type ReactNode } from 'react';
import type { ClientAuth } from '../client-auth.ts';
import { activateSessionSync } from './active-session-sync.ts';
import { AuthContext } from './auth-context.ts';
import { browserTab, watchTab } from './browser-tab.ts';
import { createSessionSync, type SessionSync } from './session-sync.ts';

export interface SallyportProviderProps {
  /** `clientAuth(await auth())`, from the root layout. */
  readonly initial: ClientAuth;
  readonly children: ReactNode;
}

/**
 * Tells the client components of a page who is signed in, and keeps the tab in step with the session: a sign-out in any tab
 * of any application behind the same gateway takes this tab to the signed-out page at once.
 */
export function SallyportProvider({ initial, children }: SallyportProviderProps): ReactNode {
  const router = useRouter();
  const sync = useRef<SessionSync>(undefined);
  // What the first effect starts from; later values reach the sync through the second effect.
  const first = useRef(initial);

  useEffect(() => {
    const created = createSessionSync(
      first.current,
      browserTab(() => router.refresh()),
    );
    sync.current = created;
    const deactivate = activateSessionSync(created);
    const unwatch = watchTab(created);
    return () => {
      unwatch();
      deactivate();
      created.close();
    };
  }, [router]);

  useEffect(() => {
    first.current = initial;
    sync.current?.update(initial);
  }, [initial]);

  return <AuthContext value={initial}>{children}</AuthContext>;
}
