import { builtInPages } from '@sallyport/core/browser';
import type { ClientAuth, ClientSignedIn } from '../client-auth.ts';
import { parseReturnPath } from '../return-path.ts';
import { signInUrl } from '../sign-in-url.ts';
import type { CurrentSession, SessionOrganization } from './current-session.ts';
import type { ReloadMemory } from './reload-memory.ts';
import type { SessionChannel } from './session-channel.ts';
import type { SessionMessage, SignedOutReason } from './session-message.ts';

/** What a tab can do, so that a test can be a tab. */
export interface TabEdges {
  openChannel(hear: (message: SessionMessage) => void): SessionChannel;
  readSession(): Promise<CurrentSession>;
  /** Whatever the gateway said of the session, while this tab stays on its page. */
  note(session: CurrentSession): void;
  /** Path, query and fragment of the page that the tab shows. */
  currentPath(): string;
  /** Leaves the page for good: no way back to it by the back button. */
  leaveFor(url: string): void;
  reload(): void;
  /** What survives `reload`. */
  readonly reloads: ReloadMemory;
  /** Asks the server for the page's data again, keeping what was typed. */
  refresh(): void;
  /** The user left by choice: what was typed here is not kept. */
  forgetDrafts(): void;
  /** Tells the developer, who looks at the console. */
  warn(message: string): void;
}

/** Keeps one tab in step with the session of its browser. */
export interface SessionSync {
  /** Tells what the server rendered last. */
  update(auth: ClientAuth): void;
  /** Takes what the one stream of this browser says, and has the other tabs look. */
  hear(session: CurrentSession): void;
  /** The user stays signed in: the other tabs look until when. */
  extended(): void;
  /** Asks the gateway whether the session still is what this tab shows, and acts on the answer. Never rejects. */
  check(): Promise<CurrentSession['status']>;
  /** The session was refused: after making sure, this tab goes to sign in and comes back to its page. */
  sessionRefused(): Promise<void>;
  /** Signs out by `end`, then takes every tab off its page. When `end` rejects, nothing moves and so does this. */
  signOut(reason: SignedOutReason, end: () => Promise<unknown>): Promise<void>;
  /** The page is about to leave by itself, and nothing may overtake it. Undone by the next `update` with another person. */
  standDown(): void;
  close(): void;
}

/** Said once for each page that loading again did not help. */
const shownWithoutCaller =
  'Sallyport: this page does not show who is signed in, and loading it again did not help. Either its route at the gateway is ' +
  '"public": make it "optional". Or it is rendered without a request: call auth() in its root layout, and cache it nowhere.';

/**
 * Keeps one tab in step: a sign-out in any tab, of any application behind the gateway, takes this one off its page at once;
 * a session that ended elsewhere as soon as the stream of this browser says so, or when the tab is looked at; another
 * person's sign-in reloads it; other roles, another organization and a stronger sign-in ask for its data again. A page that shows the same after
 * the reload is not reloaded again: the server renders it without knowing its caller.
 *
 * An answer that could not be had changes nothing.
 */
export function createSessionSync(initial: ClientAuth, tab: TabEdges): SessionSync {
  let shown = initial;
  let isLeaving = false;
  let isClosed = false;
  let hasWarned = false;
  let pending: Promise<CurrentSession['status']> | undefined;
  const page = (): string => pathOf(tab.currentPath());
  tab.reloads.settle(page(), describe(shown));

  const leave = (url: string): void => {
    if (isLeaving) return;
    isLeaving = true;
    tab.leaveFor(url);
  };

  const reload = (): void => {
    if (isLeaving) return;
    if (tab.reloads.isFruitless(page(), describe(shown))) {
      if (!hasWarned) tab.warn(shownWithoutCaller);
      hasWarned = true;
      return;
    }
    tab.reloads.begin(page(), describe(shown));
    isLeaving = true;
    tab.reload();
  };

  const hear = (message: SessionMessage): void => {
    if (message.kind !== 'signed-out') void check();
    else if (shown.status === 'signed-in') {
      if (message.reason !== 'ended') tab.forgetDrafts();
      leave(signedOutUrl(message.reason, tab.currentPath()));
    }
  };
  const channel = tab.openChannel(hear);

  const act = (session: CurrentSession, ended: () => void): void => {
    if (session.status === 'unknown') return;
    tab.note(session);
    if (session.status === 'signed-out') {
      if (shown.status === 'signed-out') return;
      channel.post({ kind: 'signed-out', reason: 'ended' });
      ended();
    } else if (shown.status === 'signed-out' || shown.userId !== session.userId) {
      reload();
    } else if (!isSameAuthority(shown, session)) {
      // Remembered, so that a server which still renders what was is not asked again and again.
      const { roles, org, orgRoles, acr, authTime } = session;
      shown = { ...shown, roles, org, orgRoles, acr, authTime };
      tab.refresh();
    }
  };

  const endedElsewhere = (): void => leave(signedOutUrl('ended', tab.currentPath()));

  const ask = async (ended: () => void): Promise<CurrentSession['status']> => {
    const session = await tab.readSession();
    if (!isLeaving) act(session, ended);
    return session.status;
  };

  const check = (): Promise<CurrentSession['status']> => {
    pending ??= ask(endedElsewhere).finally(() => {
      pending = undefined;
    });
    return pending;
  };

  return {
    update: (auth) => {
      if (isClosed) return;
      if (personOf(auth) !== personOf(shown)) {
        isLeaving = false;
        if (personOf(auth) !== undefined) tab.reloads.forget(page());
      }
      shown = auth;
    },
    hear: (session) => {
      if (isClosed) return;
      channel.post({ kind: 'changed' });
      if (!isLeaving) act(session, endedElsewhere);
    },
    extended: () => channel.post({ kind: 'extended' }),
    check,
    sessionRefused: async () => {
      const toSignIn = (): void => leave(signInUrl(tab.currentPath()));
      const status = await ask(toSignIn);
      // A page for everybody may also hold a button for some: its visitor is asked to sign in.
      if (status === 'signed-out') toSignIn();
    },
    signOut: async (reason, end) => {
      // A check that meets the ended session on the way must not call it "ended" and go elsewhere.
      isLeaving = true;
      try {
        await end();
      } catch (error) {
        isLeaving = false;
        throw error;
      }
      channel.post({ kind: 'signed-out', reason });
      tab.forgetDrafts();
      tab.leaveFor(signedOutUrl(reason));
    },
    standDown: () => {
      isLeaving = true;
    },
    close: () => {
      isClosed = true;
      isLeaving = true;
      channel.close();
    },
  };
}

/** The signed-out page, with the reason, and the way back for those who did not choose to leave. */
export function signedOutUrl(reason: SignedOutReason, currentPath?: string): string {
  const returnTo = reason === 'ended' ? parseReturnPath(currentPath) : undefined;
  const suffix = returnTo === undefined || returnTo === '/' ? '' : `&returnTo=${encodeURIComponent(returnTo)}`;
  return `${builtInPages.signedOut}?reason=${reason}${suffix}`;
}

type ShownAuthority = Pick<ClientSignedIn, 'roles' | 'acr' | 'authTime'> & SessionOrganization;

function personOf(auth: ClientAuth): string | undefined {
  return auth.status === 'signed-in' ? auth.userId : undefined;
}

/** What a page shows, as the memory of reloads keeps it. */
function describe(auth: ClientAuth): string {
  return personOf(auth) ?? '';
}

/** The same page is shown under every query and fragment. */
function pathOf(path: string): string {
  return path.replace(/[?#].*$/s, '');
}

function isSameAuthority(left: ShownAuthority, right: ShownAuthority): boolean {
  return (
    left.acr === right.acr &&
    left.authTime === right.authTime &&
    left.org === right.org &&
    isSameSet(left.roles, right.roles) &&
    isSameSet(left.orgRoles ?? [], right.orgRoles ?? [])
  );
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}
