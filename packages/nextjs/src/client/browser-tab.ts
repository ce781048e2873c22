import type { ExpiryWatch } from './expiry-watch.ts';
import { readCurrentSession } from './current-session.ts';
import { createReloadMemory } from './reload-memory.ts';
import { openSessionChannel } from './session-channel.ts';
import { followSession } from './session-stream.ts';
import type { SessionSync, TabEdges } from './session-sync.ts';

/** How often a tab that is being looked at asks whether its session still lives. The question does not prolong it. */
const checkIntervalMilliseconds = 60_000;

/** When a tab first asks how long its session lives: most pages have been left by then. */
const firstCheckMilliseconds = 10_000;

/** One for the document, in which a sync may follow another. */
const reloads = createReloadMemory(() => sessionStorage);

/** The tab that this page is in. */
export function browserTab(refresh: () => void, expiry: ExpiryWatch): TabEdges {
  return {
    openChannel: (hear) => openSessionChannel(hear),
    readSession: () => readCurrentSession(),
    note: (session) => {
      if (session.status !== 'signed-in') expiry.forget();
      else if (session.expiry !== undefined) expiry.note(session.expiry);
    },
    currentPath: () => `${location.pathname}${location.search}${location.hash}`,
    leaveFor: (url) => location.replace(url),
    reload: () => location.reload(),
    reloads,
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

/**
 * Follows the session of a page that shows a user: by the one stream of this browser, which the page lets go of while it
 * is in the back-forward cache.
 *
 * @returns a function that stops it.
 */
export function followTab(sync: SessionSync): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const follow = (): (() => void) =>
    followSession(
      { onSession: sync.hear, onDoubt: () => void sync.check() },
      { locks: 'locks' in navigator ? navigator.locks : undefined, openStream: (url) => new EventSource(url) },
    );
  let unfollow = follow();
  addEventListener('pagehide', () => unfollow(), { signal });
  addEventListener(
    'pageshow',
    (event) => {
      if (event.persisted) unfollow = follow();
    },
    { signal },
  );
  const first = setTimeout(() => void sync.check(), firstCheckMilliseconds);
  return () => {
    stop.abort();
    clearTimeout(first);
    unfollow();
  };
}

/** A page that comes back from the back-forward cache may belong to a user who left: nothing of it shows before the answer. */
async function showAfterCheck(sync: SessionSync): Promise<void> {
  document.documentElement.style.visibility = 'hidden';
  const status = await sync.check();
  if (status === 'unknown') location.reload();
  else document.documentElement.style.visibility = '';
}
