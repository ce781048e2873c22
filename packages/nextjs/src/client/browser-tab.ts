import type { ExpiryWatch } from './expiry-watch.ts';
import { readCurrentSession, type CurrentSession } from './current-session.ts';
import { createReloadMemory } from './reload-memory.ts';
import { openSessionChannel } from './session-channel.ts';
import { followSession } from './session-stream.ts';
import type { SessionSync, TabEdges } from './session-sync.ts';

/** How often a tab that is being looked at asks whether its session still lives. The question does not prolong it. */
const checkIntervalMilliseconds = 60_000;

/** When a tab first asks how long its session lives: most pages have been left by then. */
const firstCheckMilliseconds = 10_000;

/**
 * A sign-in ends the session before it, and a second factor gives it another cookie: the stream may say so before the
 * browser has that cookie. A page that asked for its data with the old one would be led to sign in, and lose what it shows.
 */
const doubtMilliseconds = 400;

/** One for the document, in which a sync may follow another. */
const reloads = createReloadMemory(() => sessionStorage);

/** What belongs to the page, and not to its tab. */
export interface PageParts {
  readonly refresh: () => void;
  readonly expiry: ExpiryWatch;
  readonly forgetDrafts: () => void;
}

/** The tab that this page is in. */
export function browserTab({ refresh, expiry, forgetDrafts }: PageParts): TabEdges {
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
    forgetDrafts,
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
  let doubt: ReturnType<typeof setTimeout> | undefined;
  const onDoubt = (): void => {
    clearTimeout(doubt);
    doubt = setTimeout(() => void sync.check(), doubtMilliseconds);
  };
  let told: ReturnType<typeof setTimeout> | undefined;
  const onSession = (session: CurrentSession, areRightsAlone: boolean): void => {
    // One that waits is older than this one, and its cookie may still be on the way.
    const waits = told !== undefined || !areRightsAlone;
    clearTimeout(told);
    told = undefined;
    if (waits) {
      told = setTimeout(() => {
        told = undefined;
        sync.hear(session);
      }, doubtMilliseconds);
    } else sync.hear(session);
  };
  const follow = (): (() => void) =>
    followSession(
      { onSession, onDoubt },
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
    clearTimeout(doubt);
    clearTimeout(told);
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
