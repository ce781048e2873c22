import type { SessionSync } from './session-sync.ts';

let active: SessionSync | undefined;

/** Makes the provider's sync known to `authFetch`, which is called from outside React as well. */
export function activateSessionSync(sync: SessionSync): () => void {
  active = sync;
  return () => {
    if (active === sync) active = undefined;
  };
}

/** The sync of the provider on this page, if there is one. */
export function activeSessionSync(): SessionSync | undefined {
  return active;
}
