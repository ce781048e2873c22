import { describe, expect, it } from 'vitest';
import { createReloadMemory } from './reload-memory.ts';

/** A storage with what another script may have written. */
function storageWith(content?: string) {
  const items = new Map(content === undefined ? [] : [['sallyport:reloaded', content]]);
  return {
    items,
    open: () => ({
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    }),
  };
}

describe('the memory of reloads', () => {
  it.each([
    { name: 'nothing', content: undefined },
    { name: 'no JSON', content: '[["/", ""]' },
    { name: 'no list', content: '{"/":""}' },
    { name: 'entries of another shape', content: '[["/"],["/","",""],["/",null],"/",null,[1,""]]' },
  ])('reads $name as empty', ({ content }) => {
    const memory = createReloadMemory(storageWith(content).open);

    expect(memory.has('/', '')).toBe(false);
    memory.add('/', '');
    expect(memory.has('/', '')).toBe(true);
  });

  it('remembers nothing where storage is switched off, and does not fail', () => {
    const memory = createReloadMemory(() => {
      throw new DOMException('denied', 'SecurityError');
    });

    memory.add('/', '');
    memory.keepOnly('/', 'ann');
    expect(memory.has('/', '')).toBe(false);
  });

  it('does not grow without end', () => {
    const { items, open } = storageWith();
    const memory = createReloadMemory(open);

    for (let page = 0; page < 500; page += 1) memory.add(`/${page}`, '');

    expect(JSON.parse(items.get('sallyport:reloaded') ?? '')).toHaveLength(32);
    expect(memory.has('/499', '')).toBe(true);
  });

  it('drops a page that shows something else, and no other page', () => {
    const memory = createReloadMemory(storageWith().open);
    memory.add('/', '');
    memory.add('/about', '');

    memory.keepOnly('/', 'ann');

    expect([memory.has('/', ''), memory.has('/about', '')]).toEqual([false, true]);
  });
});
