import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientAuth } from '../client-auth.ts';
import type { CurrentSession, SessionExpiry } from './current-session.ts';
import { createReloadMemory, type ReloadMemory } from './reload-memory.ts';
import { openSessionChannel, type SessionChannel } from './session-channel.ts';
import { createSessionSync, type SessionSync } from './session-sync.ts';

/** When and how both of them signed in. */
const proof = { acr: 'pwd', authTime: 1_700_000_000 } as const;
const ann: ClientAuth = { status: 'signed-in', userId: 'ann', roles: ['user'], permissions: [], ...proof };
const bob: ClientAuth = { status: 'signed-in', userId: 'bob', roles: ['user'], permissions: [], ...proof };
const signedOut: ClientAuth = { status: 'signed-out' };

/** The session of the one browser that all tabs of a test share. */
let session: CurrentSession;
let open: { close(): void }[] = [];
let tabs = 0;

afterEach(() => {
  for (const tab of open) tab.close();
  open = [];
});

interface FakeTab {
  readonly sync: SessionSync;
  /** What the tab did, in order. */
  readonly moves: string[];
  /** The page that it shows. */
  readonly place: { path: string; hasDrafts: boolean };
}

/** What a tab stores. Each document that it loads reads it anew. */
type TabStorage = Map<string, string>;

function readMemory(items: TabStorage): ReloadMemory {
  return createReloadMemory(() => ({
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }));
}

function openTab(shows: ClientAuth, path = '/account', storage: TabStorage = new Map()): FakeTab {
  const moves: string[] = [];
  const place = { path, hasDrafts: true };
  tabs += 1;
  const name = `tab-${tabs}`;
  const sync = createSessionSync(shows, {
    openChannel: (hear) => openSessionChannel(hear, name),
    readSession: async () => session,
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
async function everyoneHeard(): Promise<void> {
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

function signedIn(
  auth: ClientAuth,
  change: Partial<Extract<CurrentSession, { status: 'signed-in' }>> = {},
): CurrentSession {
  if (auth.status === 'signed-out') return auth;
  return { status: 'signed-in', userId: auth.userId, roles: ['user'], ...proof, expiry, ...change };
}

describe('signing out', () => {
  it('takes every tab that shows the person off its page, for the same reason', async () => {
    session = signedIn(ann);
    const [here, there, elsewhere] = [openTab(ann), openTab(ann, '/products'), openTab(ann, '/')];

    await here.sync.signOut('everywhere', async () => {
      session = signedOut;
    });

    expect(here.moves).toEqual(['/auth/signed-out?reason=everywhere']);
    await vi.waitFor(() => expect(there.moves).toEqual(['/auth/signed-out?reason=everywhere']));
    await vi.waitFor(() => expect(elsewhere.moves).toEqual(['/auth/signed-out?reason=everywhere']));
    expect([here, there, elsewhere].map(({ place }) => place.hasDrafts)).toEqual([false, false, false]);
  });

  it('moves no tab when the session could not be ended', async () => {
    session = signedIn(ann);
    const [here, there] = [openTab(ann), openTab(ann)];
    const failure = new Error('the store does not answer');

    await expect(here.sync.signOut('signed-out', () => Promise.reject(failure))).rejects.toBe(failure);

    await everyoneHeard();
    expect([here.moves, there.moves]).toEqual([[], []]);
  });

  it('keeps watch, and can be tried again, after it failed', async () => {
    session = signedIn(ann);
    const [here, again] = [openTab(ann, '/'), openTab(ann, '/')];
    for (const tab of [here, again]) {
      await expect(tab.sync.signOut('signed-out', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }

    await again.sync.signOut('signed-out', async () => {});
    expect(again.moves).toEqual(['/auth/signed-out?reason=signed-out']);

    await vi.waitFor(() => expect(here.moves).toEqual(['/auth/signed-out?reason=signed-out']));
  });

  it('is not overtaken by a check that meets the ended session first', async () => {
    session = signedIn(ann);
    const here = openTab(ann);

    await here.sync.signOut('signed-out', async () => {
      session = signedOut;
      await here.sync.check();
    });

    expect(here.moves).toEqual(['/auth/signed-out?reason=signed-out']);
  });

  it('does not change a tab that shows no user', async () => {
    session = signedIn(ann);
    const [here, visitor] = [openTab(ann), openTab(signedOut, '/sign-up')];

    await here.sync.signOut('signed-out', async () => {
      session = signedOut;
    });
    await everyoneHeard();

    expect(visitor.moves).toEqual([]);
  });
});

describe('a session that ended elsewhere', () => {
  it('is noticed when one tab is looked at, and takes all of them off their pages with the way back', async () => {
    session = signedOut;
    const [here, there] = [openTab(ann, '/account?tab=2'), openTab(ann, '/products')];

    await here.sync.check();

    expect(here.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Faccount%3Ftab%3D2']);
    await vi.waitFor(() => expect(there.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Fproducts']));
    expect([here, there].map(({ place }) => place.hasDrafts)).toEqual([true, true]);
  });

  it('moves a tab once, however often it is looked at', async () => {
    session = signedOut;
    const here = openTab(ann, '/');

    await Promise.all([here.sync.check(), here.sync.check(), here.sync.sessionRefused()]);
    await here.sync.check();

    expect(here.moves).toHaveLength(1);
  });

  it('sends the tab that was refused to sign in and back, the others to the signed-out page', async () => {
    session = signedOut;
    const [refused, other] = [openTab(ann, '/products?page=2'), openTab(ann, '/account')];

    await refused.sync.sessionRefused();

    expect(refused.moves).toEqual(['/auth/sign-in?returnTo=%2Fproducts%3Fpage%3D2']);
    await vi.waitFor(() => expect(other.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Faccount']));
  });

  it('is not believed of a single refusal while the session lives', async () => {
    session = signedIn(ann);
    const here = openTab(ann);

    await here.sync.sessionRefused();

    expect(here.moves).toEqual([]);
  });
});

describe('an answer that could not be had', () => {
  it.each(['check', 'sessionRefused'] as const)('signs no user out (%s)', async (ask) => {
    session = { status: 'unknown' };
    const [here, there] = [openTab(ann), openTab(ann)];

    await here.sync[ask]();
    await everyoneHeard();

    expect([here.moves, there.moves]).toEqual([[], []]);
  });
});

describe('signing in', () => {
  it('reloads a tab that shows another user', async () => {
    session = signedIn(bob);
    const stale = openTab(ann);

    await stale.sync.check();

    expect(stale.moves).toEqual(['reload']);
  });

  it('reloads a tab that shows no user', async () => {
    session = signedIn(ann);
    const visitor = openTab(signedOut);

    await visitor.sync.check();

    expect(visitor.moves).toEqual(['reload']);
  });

  it('is announced to the other tabs, which look for themselves', async () => {
    session = signedIn(bob);
    const [same, other] = [openTab(bob), openTab(ann)];

    await everyoneHeard();

    await vi.waitFor(() => expect(other.moves).toEqual(['reload']));
    expect(same.moves).toEqual([]);
  });

  it('is not overtaken by a reload in the tab where it happened', async () => {
    session = signedIn(ann);
    const here = openTab(signedOut, '/auth/sign-in');

    here.sync.standDown();
    await here.sync.check();

    expect(here.moves).toEqual([]);
  });

  it('puts a tab that stood down back on watch once it shows the person', async () => {
    session = signedIn(ann);
    const here = openTab(signedOut, '/auth/sign-in');
    here.sync.standDown();
    here.sync.update(ann);
    session = signedOut;

    await here.sync.check();

    // The sign-in page is no place to come back to.
    expect(here.moves).toEqual(['/auth/signed-out?reason=ended']);
  });
});

describe('a page that is rendered without its caller', () => {
  /** Loads a page in one tab and looks at it so often. */
  async function visit(shows: ClientAuth, path: string, memory: TabStorage, looks = 3): Promise<readonly string[]> {
    const tab = openTab(shows, path, memory);
    for (let look = 0; look < looks; look += 1) await tab.sync.check();
    tab.sync.close();
    return tab.moves;
  }

  it('is reloaded once, and then the console says why it will not be again', async () => {
    session = signedIn(ann);
    const memory = new Map<string, string>();

    expect(await visit(signedOut, '/', memory)).toEqual(['reload']);
    expect(await visit(signedOut, '/?page=2#top', memory)).toEqual(['warning']);
    expect(await visit(signedOut, '/', memory)).toEqual(['warning']);
  });

  it('is not reloaded either when it shows another user again', async () => {
    session = signedIn(bob);
    const memory = new Map<string, string>();

    expect(await visit(ann, '/', memory)).toEqual(['reload']);
    expect(await visit(ann, '/', memory)).toEqual(['warning']);
  });

  it('is not left standing with a user because of a reload in the past', async () => {
    const storage = new Map<string, string>();
    session = signedIn(bob);
    expect(await visit(ann, '/', storage)).toEqual(['reload']);
    // The load that this caused led elsewhere. Later Ann signs in to this browser, and Bob again.
    await visit(bob, '/account', storage);
    session = signedIn(ann);
    await visit(ann, '/', storage);
    session = signedIn(bob);

    expect(await visit(ann, '/', storage)).toEqual(['reload']);
  });

  it('does not guard another page of the same document', async () => {
    session = signedIn(bob);
    const storage = new Map<string, string>();
    await visit(ann, '/', storage);
    const tab = openTab(ann, '/', storage);
    await tab.sync.check();
    tab.place.path = '/account';
    await tab.sync.check();

    expect(tab.moves).toEqual(['warning', 'reload']);
  });

  it('still takes its tab off a session that ended', async () => {
    session = signedIn(bob);
    const memory = new Map<string, string>();
    await visit(ann, '/', memory);
    session = signedOut;

    expect(await visit(ann, '/', memory)).toEqual(['/auth/signed-out?reason=ended']);
  });

  it('is reloaded in another tab, which does not know of it', async () => {
    session = signedIn(ann);
    await visit(signedOut, '/', new Map<string, string>());

    expect(await visit(signedOut, '/', new Map<string, string>())).toEqual(['reload']);
  });

  it('is reloaded again after it was rendered with its caller', async () => {
    session = signedIn(ann);
    const memory = new Map<string, string>();
    await visit(signedOut, '/', memory);
    expect(await visit(ann, '/', memory)).toEqual([]);

    expect(await visit(signedOut, '/', memory)).toEqual(['reload']);
  });

  it('is reloaded again after the person was shown without another load of the document', async () => {
    session = signedIn(ann);
    const memory = new Map<string, string>();
    await visit(signedOut, '/', memory);
    const tab = openTab(signedOut, '/', memory);
    tab.sync.update(ann);
    tab.sync.close();

    expect(await visit(signedOut, '/', memory)).toEqual(['reload']);
  });

  it('is reloaded once for what it shows, and guarded for the load that this caused, or while it shows no user', async () => {
    const people = [signedOut, ann, bob];
    const step = fc.record({
      path: fc.constantFrom('/', '/about', '/account'),
      // Which of the people the server renders, and who is signed in.
      shows: fc.constantFrom(...people),
      person: fc.constantFrom(...people),
      looks: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const storage = new Map<string, string>();
        let caused: { readonly path: string; readonly shows: ClientAuth } | undefined;
        const fruitless = new Set<string>();
        for (const { path, shows, person, looks } of steps) {
          session = signedIn(person);
          const isCaused = caused?.path === path && caused.shows === shows;
          if (shows !== signedOut) fruitless.delete(path);
          else if (isCaused) fruitless.add(path);
          const moves = await visit(shows, path, storage, looks);
          const reloads = moves.filter((move) => move === 'reload').length;
          const isDue = looks > 0 && person !== signedOut && person !== shows;
          expect(reloads).toBe(isDue && !isCaused && !fruitless.has(path) ? 1 : 0);
          caused = reloads > 0 ? { path, shows } : undefined;
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a change of roles', () => {
  it('asks for the data of the page again, once', async () => {
    session = signedIn(ann, { roles: ['user', 'vendor'] });
    const here = openTab(ann);

    await here.sync.check();
    await here.sync.check();

    expect(here.moves).toEqual(['refresh']);
  });

  it('is not seen in another order of the same roles', async () => {
    session = signedIn(ann, { roles: ['b', 'a'] });
    const here = openTab({ ...ann, roles: ['a', 'b'] });

    await here.sync.check();

    expect(here.moves).toEqual([]);
  });
});

describe('what the stream of the browser says', () => {
  it('takes all tabs off their pages when the session is over, also those that do not listen', async () => {
    session = signedOut;
    const [leader, other] = [openTab(ann), openTab(ann, '/products')];

    await leader.sync.check();

    await vi.waitFor(() => expect(other.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Fproducts']));
  });

  it.each([
    { name: 'roles', change: { roles: ['user', 'vendor'] } },
    { name: 'a stronger sign-in', change: { acr: 'mfa' } },
    { name: 'a more recent sign-in', change: { authTime: proof.authTime + 60 } },
  ] as const)('asks for the data of every page again after other $name', async ({ change }) => {
    session = signedIn(ann, change);
    const [leader, other, visitor] = [openTab(ann), openTab(ann, '/products'), openTab(bob, '/')];

    leader.sync.hear(session);
    leader.sync.hear(session);

    expect(leader.moves).toEqual(['refresh']);
    await vi.waitFor(() => expect(other.moves).toEqual(['refresh']));
    await vi.waitFor(() => expect(visitor.moves).toEqual(['reload']));
  });

  it('moves nothing when it says what the pages show', async () => {
    session = signedIn(ann);
    const [leader, other] = [openTab(ann), openTab(ann)];

    leader.sync.hear(session);
    leader.sync.hear({ status: 'unknown' });
    await everyoneHeard();

    expect([leader.moves, other.moves]).toEqual([[], []]);
  });

  it('is not heard by a tab that was closed', async () => {
    session = signedIn(bob);
    const [closed, other] = [openTab(ann), openTab(bob)];
    closed.sync.close();

    closed.sync.hear(session);
    await everyoneHeard();

    expect([closed.moves, other.moves]).toEqual([[], []]);
  });
});

describe('a tab that was closed', () => {
  it('does nothing more, whatever is still on its way', async () => {
    session = signedOut;
    const [closed, here] = [openTab(ann), openTab(ann)];
    const late = closed.sync.check();
    closed.sync.close();

    await late;
    closed.sync.update(bob);
    await closed.sync.check();
    await here.sync.check();
    await everyoneHeard();

    expect(closed.moves).toEqual([]);
  });
});
