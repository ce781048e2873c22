import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientAuth } from '../client-auth.ts';
import { createDraftStore, type DraftStore, type Drafts } from './draft-store.ts';

const drafts: Drafts = { product: [['title', 'Blue lamp']] };
const hour = 3_600_000;
let items: Map<string, string>;
let time: number;
let store: DraftStore;
beforeEach(() => {
  items = new Map();
  time = 0;
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
  store = createDraftStore(
    () => storage,
    () => time,
  );
});

function person(userId: string, authTime: number): ClientAuth {
  return { status: 'signed-in', userId, roles: [], permissions: [], acr: 'pwd', authTime };
}

describe('drafts', () => {
  it('come back once, to the person who typed them, after a sign-in', () => {
    store.keep(person('ann', 100), '/products', drafts);

    expect(store.take(person('ann', 200), '/products')).toEqual(drafts);
    expect(store.take(person('ann', 200), '/products')).toEqual({});
    expect(items.size).toBe(0);
  });

  it('wait while pages for everybody and other pages of the person are between', () => {
    store.keep(person('ann', 100), '/products', drafts);

    expect(store.take({ status: 'signed-out' }, '/')).toEqual({});
    expect(store.take(person('ann', 200), '/account')).toEqual({});
    expect(store.take(person('ann', 200), '/products')).toEqual(drafts);
  });

  it.each([
    { name: 'another person signs in', auth: person('bob', 200), page: '/products', after: 0 },
    { name: 'another person is on another page', auth: person('bob', 200), page: '/', after: 0 },
    { name: 'the person did not sign in anew', auth: person('ann', 100), page: '/products', after: 0 },
    { name: 'a night and a morning have passed', auth: person('ann', 200), page: '/products', after: 17 * hour },
  ])('are gone for good when $name', ({ auth, page, after }) => {
    store.keep(person('ann', 100), '/products', drafts);
    time = after;

    expect(store.take(auth, page)).toEqual({});
    time = 0;
    expect(store.take(person('ann', 300), '/products')).toEqual({});
    expect(items.size).toBe(0);
  });

  it.each([
    { name: 'of a visitor', auth: { status: 'signed-out' }, kept: drafts },
    { name: 'that are empty', auth: person('ann', 100), kept: {} },
    { name: 'of the size of a book', auth: person('ann', 100), kept: { book: [['text', 'a'.repeat(70_000)]] } },
  ] satisfies readonly { name: string; auth: ClientAuth; kept: Drafts }[])('$name are not kept', ({ auth, kept }) => {
    store.keep(auth, '/products', kept);
    expect(items.size).toBe(0);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"person":"ann"}',
    '{"person":"ann","authTime":1,"at":0,"page":"/products","drafts":{"a":[[1,2]]}}',
  ])('are none when another script wrote %j', (text) => {
    items.set('sallyport:drafts', text);
    expect(store.take(person('ann', 200), '/products')).toEqual({});
  });

  it('are not kept, and nothing fails, where storage is switched off', () => {
    const off = createDraftStore(
      () => {
        throw new DOMException('denied', 'SecurityError');
      },
      () => 0,
    );
    off.keep(person('ann', 100), '/products', drafts);
    off.forget();
    expect(off.take(person('ann', 200), '/products')).toEqual({});
  });
});
