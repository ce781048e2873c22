import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ann,
  bob,
  browser,
  closeTabs,
  everyTabHeard,
  openTab,
  proof,
  signedIn,
  signedOut,
} from './session-sync.test-support.ts';

afterEach(closeTabs);

describe('signing out', () => {
  it('takes every tab that shows the person off its page, for the same reason', async () => {
    browser.session = signedIn(ann);
    const [here, there, elsewhere] = [openTab(ann), openTab(ann, '/products'), openTab(ann, '/')];

    await here.sync.signOut('everywhere', async () => {
      browser.session = signedOut;
    });

    expect(here.moves).toEqual(['/auth/signed-out?reason=everywhere']);
    await vi.waitFor(() => expect(there.moves).toEqual(['/auth/signed-out?reason=everywhere']));
    await vi.waitFor(() => expect(elsewhere.moves).toEqual(['/auth/signed-out?reason=everywhere']));
    expect([here, there, elsewhere].map(({ place }) => place.hasDrafts)).toEqual([false, false, false]);
  });

  it('moves no tab when the session could not be ended', async () => {
    browser.session = signedIn(ann);
    const [here, there] = [openTab(ann), openTab(ann)];
    const failure = new Error('the store does not answer');

    await expect(here.sync.signOut('signed-out', () => Promise.reject(failure))).rejects.toBe(failure);

    await everyTabHeard();
    expect([here.moves, there.moves]).toEqual([[], []]);
  });

  it('keeps watch, and can be tried again, after it failed', async () => {
    browser.session = signedIn(ann);
    const [here, again] = [openTab(ann, '/'), openTab(ann, '/')];
    for (const tab of [here, again]) {
      await expect(tab.sync.signOut('signed-out', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }

    await again.sync.signOut('signed-out', async () => {});
    expect(again.moves).toEqual(['/auth/signed-out?reason=signed-out']);

    await vi.waitFor(() => expect(here.moves).toEqual(['/auth/signed-out?reason=signed-out']));
  });

  it('is not overtaken by a check that meets the ended session first', async () => {
    browser.session = signedIn(ann);
    const here = openTab(ann);

    await here.sync.signOut('signed-out', async () => {
      browser.session = signedOut;
      await here.sync.check();
    });

    expect(here.moves).toEqual(['/auth/signed-out?reason=signed-out']);
  });

  it('does not change a tab that shows no user', async () => {
    browser.session = signedIn(ann);
    const [here, visitor] = [openTab(ann), openTab(signedOut, '/sign-up')];

    await here.sync.signOut('signed-out', async () => {
      browser.session = signedOut;
    });
    await everyTabHeard();

    expect(visitor.moves).toEqual([]);
  });
});

describe('a session that ended elsewhere', () => {
  it('is noticed when one tab is looked at, and takes all of them off their pages with the way back', async () => {
    browser.session = signedOut;
    const [here, there] = [openTab(ann, '/account?tab=2'), openTab(ann, '/products')];

    await here.sync.check();

    expect(here.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Faccount%3Ftab%3D2']);
    await vi.waitFor(() => expect(there.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Fproducts']));
    expect([here, there].map(({ place }) => place.hasDrafts)).toEqual([true, true]);
  });

  it('moves a tab once, however often it is looked at', async () => {
    browser.session = signedOut;
    const here = openTab(ann, '/');

    await Promise.all([here.sync.check(), here.sync.check(), here.sync.sessionRefused()]);
    await here.sync.check();

    expect(here.moves).toHaveLength(1);
  });

  it('sends the tab that was refused to sign in and back, the others to the signed-out page', async () => {
    browser.session = signedOut;
    const [refused, other] = [openTab(ann, '/products?page=2'), openTab(ann, '/account')];

    await refused.sync.sessionRefused();

    expect(refused.moves).toEqual(['/auth/sign-in?returnTo=%2Fproducts%3Fpage%3D2']);
    await vi.waitFor(() => expect(other.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Faccount']));
  });

  it('is not believed of a single refusal while the session lives', async () => {
    browser.session = signedIn(ann);
    const here = openTab(ann);

    await here.sync.sessionRefused();

    expect(here.moves).toEqual([]);
  });
});

describe('an answer that could not be had', () => {
  it.each(['check', 'sessionRefused'] as const)('signs no user out (%s)', async (ask) => {
    browser.session = { status: 'unknown' };
    const [here, there] = [openTab(ann), openTab(ann)];

    await here.sync[ask]();
    await everyTabHeard();

    expect([here.moves, there.moves]).toEqual([[], []]);
  });
});

describe('signing in', () => {
  it('reloads a tab that shows another user', async () => {
    browser.session = signedIn(bob);
    const stale = openTab(ann);

    await stale.sync.check();

    expect(stale.moves).toEqual(['reload']);
  });

  it('reloads a tab that shows no user', async () => {
    browser.session = signedIn(ann);
    const visitor = openTab(signedOut);

    await visitor.sync.check();

    expect(visitor.moves).toEqual(['reload']);
  });

  it('is announced to the other tabs, which look for themselves', async () => {
    browser.session = signedIn(bob);
    const [same, other] = [openTab(bob), openTab(ann)];

    await everyTabHeard();

    await vi.waitFor(() => expect(other.moves).toEqual(['reload']));
    expect(same.moves).toEqual([]);
  });

  it('is not overtaken by a reload in the tab where it happened', async () => {
    browser.session = signedIn(ann);
    const here = openTab(signedOut, '/auth/sign-in');

    here.sync.standDown();
    await here.sync.check();

    expect(here.moves).toEqual([]);
  });

  it('puts a tab that stood down back on watch once it shows the person', async () => {
    browser.session = signedIn(ann);
    const here = openTab(signedOut, '/auth/sign-in');
    here.sync.standDown();
    here.sync.update(ann);
    browser.session = signedOut;

    await here.sync.check();

    // The sign-in page is no place to come back to.
    expect(here.moves).toEqual(['/auth/signed-out?reason=ended']);
  });
});

describe('a change of roles', () => {
  it('asks for the data of the page again, once', async () => {
    browser.session = signedIn(ann, { roles: ['user', 'vendor'] });
    const here = openTab(ann);

    await here.sync.check();
    await here.sync.check();

    expect(here.moves).toEqual(['refresh']);
  });

  it('is not seen in another order of the same roles', async () => {
    browser.session = signedIn(ann, { roles: ['b', 'a'] });
    const here = openTab({ ...ann, roles: ['a', 'b'] });

    await here.sync.check();

    expect(here.moves).toEqual([]);
  });
});

describe('a switch of the organization', () => {
  const inAcme = { ...ann, org: 'acme', orgRoles: ['owner'] };

  it.each([
    { name: 'to one', shows: ann, now: { org: 'acme', orgRoles: ['owner'] } },
    { name: 'to another one', shows: inAcme, now: { org: 'globex', orgRoles: ['owner'] } },
    { name: 'to none', shows: inAcme, now: {} },
    { name: 'that changes nothing but a role inside it', shows: inAcme, now: { org: 'acme', orgRoles: ['member'] } },
  ])('$name has every tab ask for its data again, once', async ({ shows, now }) => {
    browser.session = signedIn(ann, now);
    const [here, there] = [openTab(shows, '/account'), openTab(shows, '/products')];

    here.sync.hear(browser.session);
    await here.sync.check();
    await there.sync.check();

    expect(here.moves).toEqual(['refresh']);
    await vi.waitFor(() => expect(there.moves).toEqual(['refresh']));
  });

  it('is none where the same one is still active', async () => {
    browser.session = signedIn(ann, { org: 'acme', orgRoles: ['owner'] });
    const here = openTab(inAcme);

    await here.sync.check();

    expect(here.moves).toEqual([]);
  });
});

describe('what the stream of the browser says', () => {
  it('takes all tabs off their pages when the session is over, also those that do not listen', async () => {
    browser.session = signedOut;
    const [leader, other] = [openTab(ann), openTab(ann, '/products')];

    await leader.sync.check();

    await vi.waitFor(() => expect(other.moves).toEqual(['/auth/signed-out?reason=ended&returnTo=%2Fproducts']));
  });

  it.each([
    { name: 'roles', change: { roles: ['user', 'vendor'] } },
    { name: 'a stronger sign-in', change: { acr: 'mfa' } },
    { name: 'a more recent sign-in', change: { authTime: proof.authTime + 60 } },
  ] as const)('asks for the data of every page again after other $name', async ({ change }) => {
    browser.session = signedIn(ann, change);
    const [leader, other, visitor] = [openTab(ann), openTab(ann, '/products'), openTab(bob, '/')];

    leader.sync.hear(browser.session);
    leader.sync.hear(browser.session);

    expect(leader.moves).toEqual(['refresh']);
    await vi.waitFor(() => expect(other.moves).toEqual(['refresh']));
    await vi.waitFor(() => expect(visitor.moves).toEqual(['reload']));
  });

  it('moves nothing when it says what the pages show', async () => {
    browser.session = signedIn(ann);
    const [leader, other] = [openTab(ann), openTab(ann)];

    leader.sync.hear(browser.session);
    leader.sync.hear({ status: 'unknown' });
    await everyTabHeard();

    expect([leader.moves, other.moves]).toEqual([[], []]);
  });

  it('is not heard by a tab that was closed', async () => {
    browser.session = signedIn(bob);
    const [closed, other] = [openTab(ann), openTab(bob)];
    closed.sync.close();

    closed.sync.hear(browser.session);
    await everyTabHeard();

    expect([closed.moves, other.moves]).toEqual([[], []]);
  });
});

describe('a tab that was closed', () => {
  it('does nothing more, whatever is still on its way', async () => {
    browser.session = signedOut;
    const [closed, here] = [openTab(ann), openTab(ann)];
    const late = closed.sync.check();
    closed.sync.close();

    await late;
    closed.sync.update(bob);
    await closed.sync.check();
    await here.sync.check();
    await everyTabHeard();

    expect(closed.moves).toEqual([]);
  });
});
