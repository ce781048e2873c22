import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type Client } from './client.ts';
import { password, startFakeGateway, type FakeGateway, patience } from './fake-gateway.test-support.ts';
import { createBrowserStorage } from './storage/browser-storage.ts';

const path = '/auth/token/refresh';
const email = 'ada@example.test';

let gateway: FakeGateway;
let entries: Map<string, string>;
let tabs: Client[];
beforeEach(async () => {
  gateway = await startFakeGateway();
  entries = new Map();
  tabs = [];
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
    removeItem: (key: string) => void entries.delete(key),
  });
});
afterEach(async () => {
  for (const tab of tabs) tab.close();
  vi.unstubAllGlobals();
  await gateway.close();
});

const openTab = (): Client => {
  const tab = createClient({ gateway: gateway.origin, storage: createBrowserStorage() });
  tabs.push(tab);
  return tab;
};
/** Two tabs that share a sign-in, each with a token in memory. */
const openTwoTabs = async (): Promise<readonly [Client, Client]> => {
  const [first, second] = [openTab(), openTab()];
  await first.signIn({ email, password });
  await expect.poll(() => second.status, patience).toBe('signed-in');
  return [first, second];
};
const call = (tab: Client): Promise<number> => tab.fetch('/api/x').then(({ status }) => status);
const stored = (): string | undefined => entries.get('sallyport:refresh-token');

describe.each([
  { name: 'with Web Locks and BroadcastChannel', without: [] },
  { name: 'without Web Locks', without: ['navigator'] },
  { name: 'without BroadcastChannel', without: ['BroadcastChannel'] },
  { name: 'without either', without: ['navigator', 'BroadcastChannel'] },
])('tabs $name', ({ without }) => {
  beforeEach(() => {
    for (const name of without) {
      vi.stubGlobal(name, undefined);
      Reflect.deleteProperty(globalThis, name);
    }
  });

  it('stay signed in when many of them are opened at once', async () => {
    await openTab().signIn({ email, password });
    const many = Array.from({ length: 5 }, openTab).flatMap((tab) => [tab, tab, tab]);
    expect(new Set(await Promise.all(many.map(call)))).toEqual(new Set([200]));
    expect(gateway.families).toBe(1);
  });

  it('are all signed out by one of them, at the latest with their next refresh', async () => {
    const [first, second] = [openTab(), openTab()];
    await first.signIn({ email, password });
    await call(second);
    await first.signOut();
    gateway.refuseAccessTokens();
    await expect(call(second)).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    expect([stored(), gateway.families]).toEqual([undefined, 0]);
  });
});

describe('tabs', () => {
  it('stay signed in however often their token is refused, while others are opened', async () => {
    await openTab().signIn({ email, password });
    for (let turn = 1; turn <= 4; turn++) {
      gateway.refuseAccessTokens();
      const many = [...tabs, openTab(), openTab()].flatMap((tab) => [tab, tab, tab]);
      expect(new Set(await Promise.all(many.map(call)))).toEqual(new Set([200]));
      expect([gateway.families, stored()]).toEqual([1, `rt.f1.${gateway.rotations}`]);
    }
  });

  it('give one refresh of one of them to all that wait', async () => {
    const [first, second] = await openTwoTabs();
    gateway.refuseAccessTokens();
    const release = gateway.holdRefreshes();
    const calls = [first, second, first, second].map(call);
    await expect.poll(() => gateway.count(path), patience).toBe(1);
    release();
    expect(await Promise.all(calls)).toEqual([200, 200, 200, 200]);
    expect([gateway.count(path), gateway.count('/api/x')]).toEqual([1, 8]);
  });
});

describe('two tabs', () => {
  it('refresh once, and both have the new token', async () => {
    const [first, second] = await openTwoTabs();
    gateway.refuseAccessTokens();
    const statuses = await Promise.all([first, second, first, second].map(call));
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect([gateway.count(path), gateway.rotations, stored()]).toEqual([1, 1, 'rt.f1.1']);
  });

  it('need no refresh for a token that the other one has just been given', async () => {
    const [first, second] = await openTwoTabs();
    gateway.refuseAccessTokens();
    await call(first);
    await expect.poll(async () => (await second.accessToken()) === (await first.accessToken()), patience).toBe(true);
    expect(await call(second)).toBe(200);
    expect(gateway.count(path)).toBe(1);
  });

  it('are both signed out at once by one of them', async () => {
    const [first, second] = await openTwoTabs();
    const changes: unknown[] = [];
    second.subscribe((change) => changes.push(change));
    await first.signOut();
    await expect.poll(() => changes, patience).toEqual([{ status: 'signed-out', reason: 'signed-out' }]);
    await expect(call(second)).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    expect(gateway.count('/api/x')).toBe(0);
  });

  it('are both signed out by invalid_grant that one of them meets', async () => {
    const [first, second] = await openTwoTabs();
    gateway.endFamilies();
    gateway.refuseAccessTokens();
    await expect(call(first)).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    await expect.poll(() => second.status, patience).toBe('signed-out');
    expect(stored()).toBeUndefined();
  });

  it('are both signed in again by one of them', async () => {
    const [first, second] = await openTwoTabs();
    await first.signOut();
    await expect.poll(() => second.status, patience).toBe('signed-out');
    await first.signIn({ email, password });
    await expect.poll(() => second.status, patience).toBe('signed-in');
    expect(await call(second)).toBe(200);
  });

  it.each([
    undefined,
    null,
    7,
    'signed-out',
    {},
    { kind: 'access-token' },
    { kind: 'access-token', accessToken: 1 },
    { kind: 'other' },
  ])('are not disturbed by a message of another version: %j', async (message) => {
    const [first] = await openTwoTabs();
    const channel = new BroadcastChannel('sallyport:tabs');
    channel.postMessage(message);
    channel.close();
    expect(await call(first)).toBe(200);
    expect(first.status).toBe('signed-in');
  });

  it('keep no access token where scripts of later could read it', async () => {
    await openTwoTabs();
    expect([...entries.keys()]).toEqual(['sallyport:refresh-token']);
    expect([...entries.values()].join()).not.toContain('at-');
  });

  it('with storages of two names are two sign-ins', async () => {
    const [one, other] = ['one', 'other'].map((name) =>
      createClient({ gateway: gateway.origin, storage: createBrowserStorage({ name }) }),
    );
    tabs.push(...[one, other].flatMap((tab) => tab ?? []));
    await one?.signIn({ email, password });
    await other?.signIn({ email, password });
    await one?.signOut();
    expect([other?.status, gateway.families]).toEqual(['signed-in', 1]);
  });
});

describe('a storage of the browser', () => {
  it('is refused where there is none', () => {
    vi.stubGlobal('localStorage', undefined);
    expect(() => createBrowserStorage()).toThrow('there is no localStorage');
  });

  it('is refused where it is switched off', () => {
    vi.unstubAllGlobals();
    const own = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('denied', 'SecurityError');
      },
    });
    expect(() => createBrowserStorage()).toThrow('switched off');
    Reflect.deleteProperty(globalThis, 'localStorage');
    if (own !== undefined) Object.defineProperty(globalThis, 'localStorage', own);
  });
});
