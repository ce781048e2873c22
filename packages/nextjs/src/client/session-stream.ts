import { sessionEventsPath } from '@sallyport/core/browser';
import { parseCurrentSession, type CurrentSession } from './current-session.ts';

/** What the one stream of a browser tells the tab that holds it. */
export interface SessionStreamListener {
  /**
   * The session as the gateway knows it: when the stream opens, and whenever it changed. Where its roles or its
   * organization alone are others than this stream told before, the browser has the cookie that counts.
   */
  readonly onSession: (session: CurrentSession, areRightsAlone: boolean) => void;
  /** The session may be over: to be looked at. */
  readonly onDoubt: () => void;
}

/** What of the browser is needed, so that a test can be one. */
export interface StreamEdges {
  /** Web Locks; absent where the browser has none, or none for this page. */
  readonly locks: Pick<LockManager, 'request'> | undefined;
  openStream(url: string): EventSource;
}

const lockName = 'sallyport:session-events';
const firstPauseMilliseconds = 5000;
const maxPauseMilliseconds = 60_000;

/**
 * Listens to the session for all tabs of this browser: the tab that holds the lock has the stream, and when it closes
 * another one takes over. One stream, because a browser opens six connections per origin over HTTP/1.1.
 *
 * Without Web Locks there is none: tabs then look when they are looked at.
 *
 * @returns a function that stops it, and lets another tab listen.
 */
export function followSession(listener: SessionStreamListener, edges: StreamEdges): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const lead = (): Promise<void> =>
    new Promise((resolve) => {
      const close = listen(listener, edges);
      signal.addEventListener('abort', () => {
        close();
        resolve();
      });
    });
  // Rejects when it was stopped before its turn came.
  edges.locks?.request(lockName, { signal }, () => (signal.aborted ? undefined : lead())).catch(() => {});
  return () => stop.abort();
}

function listen({ onSession, onDoubt }: SessionStreamListener, edges: StreamEdges): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = firstPauseMilliseconds;
  const open = (): void => {
    const opened = edges.openStream(sessionEventsPath);
    source = opened;
    let last: CurrentSession = { status: 'unknown' };
    opened.addEventListener('session', (event: MessageEvent<unknown>) => {
      pause = firstPauseMilliseconds;
      const session = parseEvent(event.data);
      onSession(session, areRightsAlone(last, session));
      last = session;
    });
    opened.addEventListener('session-ended', () => again(opened));
    opened.addEventListener('access-lost', () => again(opened));
    // A connection that broke is opened again by the browser; what was refused is not.
    opened.addEventListener('error', () => {
      if (opened.readyState === EventSource.CLOSED) again(opened);
    });
  };
  const again = (opened: EventSource): void => {
    opened.close();
    onDoubt();
    clearTimeout(timer);
    timer = setTimeout(open, pause);
    pause = Math.min(2 * pause, maxPauseMilliseconds);
  };
  open();
  return () => {
    source?.close();
    clearTimeout(timer);
  };
}

/**
 * A step-up brings another cookie, and need not change what is said: its time is in whole seconds. Other roles and
 * another organization bring none.
 */
function areRightsAlone(before: CurrentSession, now: CurrentSession): boolean {
  if (before.status !== 'signed-in' || now.status !== 'signed-in') return false;
  const isSameSignIn = before.userId === now.userId && before.acr === now.acr && before.authTime === now.authTime;
  return isSameSignIn && rightsOf(before) !== rightsOf(now);
}

function rightsOf({ roles, org, orgRoles = [] }: Extract<CurrentSession, { readonly status: 'signed-in' }>): string {
  return JSON.stringify([roles, org, orgRoles]);
}

function parseEvent(data: unknown): CurrentSession {
  try {
    const value: unknown = JSON.parse(String(data));
    return parseCurrentSession(value, timeIn(value));
  } catch {
    return { status: 'unknown' };
  }
}

/** When the event was made, by the clock of the gateway. */
function timeIn(value: unknown): number {
  const isTold = typeof value === 'object' && value !== null && 'at' in value;
  const at = Date.parse(isTold ? String(value.at) : '');
  return Number.isNaN(at) ? Date.now() : at;
}
