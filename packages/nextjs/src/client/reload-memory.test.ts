import { describe, expect, it } from 'vitest';
import { createReloadMemory } from './reload-memory.ts';

/** A storage with what another script may have written. */
function storageWith(content?: string) {
  const items = new Map<string, string>();
  if (content !== undefined) for (const key of ['sallyport:reloading', 'sallyport:reloaded']) items.set(key, content);
  return {
    items,
    open: () => ({
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    }),
  };
}

describe('the memory of reloads', () => {
  it.each([
    { name: 'nothing', content: undefined },
    { name: 'no JSON', content: '["/", ""' },
    { name: 'no list', content: '{"/":""}' },
    { name: 'entries of another shape', content: '[["/"],["/","",""],["/",null],null,[1,""]]' },
  ])('reads $name as empty', ({ content }) => {
    const { open } = storageWith(content);
    const before = createReloadMemory(open);
    before.settle('/', '');
    expect(before.isFruitless('/', '')).toBe(false);

    before.begin('/', '');
    const after = createReloadMemory(open);
    after.settle('/', '');
    expect(after.isFruitless('/', '')).toBe(true);
  });

  it('remembers nothing where storage is switched off, and does not fail', () => {
    const memory = createReloadMemory(() => {
      throw new DOMException('denied', 'SecurityError');
    });

    memory.begin('/', '');
    memory.settle('/', '');
    memory.forget('/');
    expect(memory.isFruitless('/', '')).toBe(false);
  });

  it('does not grow without end', () => {
    const { items, open } = storageWith();

    for (let page = 0; page < 500; page += 1) {
      createReloadMemory(open).begin(`/${page}`, '');
      createReloadMemory(open).settle(`/${page}`, '');
    }

    expect(JSON.parse(items.get('sallyport:reloaded') ?? '')).toHaveLength(32);
    expect(createReloadMemory(open).isFruitless('/499', '')).toBe(true);
  });

  it('drops a page that shows a user, and no other page', () => {
    const { open } = storageWith();
    for (const page of ['/', '/about']) {
      createReloadMemory(open).begin(page, '');
      createReloadMemory(open).settle(page, '');
    }

    const memory = createReloadMemory(open);
    memory.settle('/', 'ann');

    expect([memory.isFruitless('/', ''), memory.isFruitless('/about', '')]).toEqual([false, true]);
  });

  it('holds for one load where a user is shown', () => {
    const { open } = storageWith();
    createReloadMemory(open).begin('/', 'ann');
    const caused = createReloadMemory(open);
    caused.settle('/', 'ann');
    const next = createReloadMemory(open);
    next.settle('/', 'ann');

    expect([caused.isFruitless('/', 'ann'), next.isFruitless('/', 'ann')]).toEqual([true, false]);
  });
});
