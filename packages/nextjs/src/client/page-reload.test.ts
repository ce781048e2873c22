import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientAuth } from '../client-auth.ts';
import {
  ann,
  bob,
  browser,
  closeTabs,
  openTab,
  signedIn,
  signedOut,
  type TabStorage,
} from './session-sync.test-support.ts';

afterEach(closeTabs);

describe('a page that is rendered without its caller', () => {
  /** Loads a page in one tab and looks at it so often. */
  async function visit(shows: ClientAuth, path: string, memory: TabStorage, looks = 3): Promise<readonly string[]> {
    const tab = openTab(shows, path, memory);
    for (let look = 0; look < looks; look += 1) await tab.sync.check();
    tab.sync.close();
    return tab.moves;
  }

  it('is reloaded once, and then the console says why it will not be again', async () => {
    browser.session = signedIn(ann);
    const memory = new Map<string, string>();

    expect(await visit(signedOut, '/', memory)).toEqual(['reload']);
    expect(await visit(signedOut, '/?page=2#top', memory)).toEqual(['warning']);
    expect(await visit(signedOut, '/', memory)).toEqual(['warning']);
  });

  it('is not reloaded either when it shows another user again', async () => {
    browser.session = signedIn(bob);
    const memory = new Map<string, string>();

    expect(await visit(ann, '/', memory)).toEqual(['reload']);
    expect(await visit(ann, '/', memory)).toEqual(['warning']);
  });

  it('is not left standing with a user because of a reload in the past', async () => {
    const storage = new Map<string, string>();
    browser.session = signedIn(bob);
    expect(await visit(ann, '/', storage)).toEqual(['reload']);
    // The load that this caused led elsewhere. Later Ann signs in to this browser, and Bob again.
    await visit(bob, '/account', storage);
    browser.session = signedIn(ann);
    await visit(ann, '/', storage);
    browser.session = signedIn(bob);

    expect(await visit(ann, '/', storage)).toEqual(['reload']);
  });

  it('does not guard another page of the same document', async () => {
    browser.session = signedIn(bob);
    const storage = new Map<string, string>();
    await visit(ann, '/', storage);
    const tab = openTab(ann, '/', storage);
    await tab.sync.check();
    tab.place.path = '/account';
    await tab.sync.check();

    expect(tab.moves).toEqual(['warning', 'reload']);
  });

  it('still takes its tab off a session that ended', async () => {
    browser.session = signedIn(bob);
    const memory = new Map<string, string>();
    await visit(ann, '/', memory);
    browser.session = signedOut;

    expect(await visit(ann, '/', memory)).toEqual(['/auth/signed-out?reason=ended']);
  });

  it('is reloaded in another tab, which does not know of it', async () => {
    browser.session = signedIn(ann);
    await visit(signedOut, '/', new Map<string, string>());

    expect(await visit(signedOut, '/', new Map<string, string>())).toEqual(['reload']);
  });

  it('is reloaded again after it was rendered with its caller', async () => {
    browser.session = signedIn(ann);
    const memory = new Map<string, string>();
    await visit(signedOut, '/', memory);
    expect(await visit(ann, '/', memory)).toEqual([]);

    expect(await visit(signedOut, '/', memory)).toEqual(['reload']);
  });

  it('is reloaded again after the person was shown without another load of the document', async () => {
    browser.session = signedIn(ann);
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
          browser.session = signedIn(person);
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
