import { readCurrentSession } from './current-session.ts';
import { createReloadMemory } from './reload-memory.ts';
import { openSessionChannel } from './session-channel.ts';
import type { SessionSync, TabEdges } from './session-sync.ts';

/** How often a tab that is being looked at asks whether its session still lives. The question does not prolong it. */
const checkIntervalMilliseconds = 60_000;

/** The tab that this page is in. */
export function browserTab(refresh: () => void): TabEdges {
  return {
    openChannel: (hear) => openSessionChannel(hear),
    readSession: () => readCurrentSession(),
    currentPath: () => `${location.pathname}${location.search}${location.hash}`,
    leaveFor: (url) => location.replace(url),
    reload: () => location.reload(),
    reloads: createReloadMemory(() => sessionStorage),
    refresh,
    // oxlint-disable-next-line no-console -- the page works, so that only its developer can be told
    warn: (message) => console.warn(message),
  };
}

/**
 * Checks the session whenever the tab is looked at again, and now and then while it is.
 *
 * @returns a function that stops it.
 */
export function watchTab(sync: SessionSync): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const checkIfSeen = (): void => {
    if (document.visibilityState === 'visible') void sync.check();
  };
  document.addEventListener('visibilitychange', checkIfSeen, { signal });
  addEventListener('focus', checkIfSeen, { signal });
  addEventListener('online', checkIfSeen, { signal });
  addEventListener(
    'pageshow',
    (event) => {
      if (event.persisted) void showAfterCheck(sync);
    },
    { signal },
  );
  const timer = setInterval(checkIfSeen, checkIntervalMilliseconds);
  return () => {
    stop.abort();
    clearInterval(timer);
  };
}

/** A page that comes back from the back-forward cache may belong to a user who left: nothing of it shows before the answer. */
async function showAfterCheck(sync: SessionSync): Promise<void> {
  document.documentElement.style.visibility = 'hidden';
  const status = await sync.check();
  if (status === 'unknown') location.reload();
  else document.documentElement.style.visibility = '';
}
