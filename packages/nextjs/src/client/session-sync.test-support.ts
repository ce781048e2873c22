import type { ClientAuth, ClientSignedIn } from '../client-auth.ts';
import type { CurrentSession, SessionExpiry } from './current-session.ts';
import { createReloadMemory, type ReloadMemory } from './reload-memory.ts';
import { openSessionChannel, type SessionChannel } from './session-channel.ts';
import { createSessionSync, type SessionSync } from './session-sync.ts';

/** When and how both of them signed in. */
export const proof = { acr: 'pwd', authTime: 1_700_000_000 } as const;
export const ann: ClientSignedIn = { status: 'signed-in', userId: 'ann', roles: ['user'], permissions: [], ...proof };
export const bob: ClientSignedIn = { status: 'signed-in', userId: 'bob', roles: ['user'], permissions: [], ...proof };
export const signedOut: ClientAuth = { status: 'signed-out' };

/** The one browser that all tabs of a test share. */
export const browser: { session: CurrentSession } = { session: { status: 'unknown' } };
let open: { close(): void }[] = [];
let tabs = 0;

export function closeTabs(): void {
  for (const tab of open) tab.close();
  open = [];
}

export interface FakeTab {
  readonly sync: SessionSync;
  /** What the tab did, in order. */
  readonly moves: string[];
  /** The page that it shows. */
  readonly place: { path: string; hasDrafts: boolean };
}

/** What a tab stores. Each document that it loads reads it anew. */
export type TabStorage = Map<string, string>;

function readMemory(items: TabStorage): ReloadMemory {
  return createReloadMemory(() => ({
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }));
}

export function openTab(shows: ClientAuth, path = '/account', storage: TabStorage = new Map()): FakeTab {
  const moves: string[] = [];
  const place = { path, hasDrafts: true };
  tabs += 1;
  const name = `tab-${tabs}`;
  const sync = createSessionSync(shows, {
    openChannel: (hear) => openSessionChannel(hear, name),
    readSession: async () => browser.session,
    note: () => {},
    currentPath: () => place.path,
    leaveFor: (url) => moves.push(url),
    reload: () => moves.push('reload'),
    reloads: readMemory(storage),
    refresh: () => moves.push('refresh'),
    forgetDrafts: () => (place.hasDrafts = false),
    warn: () => moves.push('warning'),
  });
  open.push(sync);
  return { sync, moves, place };
}

/** Resolves when everything that was sent before has been heard by every tab. */
export async function everyTabHeard(): Promise<void> {
  await new Promise<void>((resolve) => {
    const marker: SessionChannel = openSessionChannel((message) => {
      if (message.tab === 'marker-out') resolve();
    }, 'marker-in');
    const sender = openSessionChannel(() => {}, 'marker-out');
    open.push(marker, sender);
    sender.post({ kind: 'signed-in' });
  });
}

const expiry: SessionExpiry = { idleMilliseconds: 1e6, absoluteMilliseconds: 1e7, idleLimitMilliseconds: 1e6 };

export function signedIn(
  auth: ClientAuth,
  change: Partial<Extract<CurrentSession, { status: 'signed-in' }>> = {},
): CurrentSession {
  if (auth.status === 'signed-out') return auth;
  return { status: 'signed-in', userId: auth.userId, roles: ['user'], ...proof, expiry, ...change };
}
