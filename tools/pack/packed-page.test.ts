import { describe, expect, it } from 'vitest';
import { toPackedPage } from './packed-page.ts';

const repository = { page: 'https://git.test/shop', url: 'git+https://git.test/shop.git' };
const toPage = (text: string) => toPackedPage(text, 'packages/core', repository, (file) => file === 'docs/guides');

describe('a page of a package as a registry shows it', () => {
  it.each([
    { name: 'a file', from: '[a](../../docs/a.md)', to: '[a](https://git.test/shop/blob/main/docs/a.md)' },
    { name: 'a heading', from: '[a](../../docs/a.md#b)', to: '[a](https://git.test/shop/blob/main/docs/a.md#b)' },
    { name: 'a folder', from: '[a](../../docs/guides/)', to: '[a](https://git.test/shop/tree/main/docs/guides)' },
    {
      name: 'a file beside it',
      from: '[a](CHANGELOG.md)',
      to: '[a](https://git.test/shop/blob/main/packages/core/CHANGELOG.md)',
    },
    { name: 'an image', from: '![a](../../a.svg "t")', to: '![a](https://git.test/shop/raw/main/a.svg "t")' },
    {
      name: 'an image inside a link',
      from: '[![a](../../a.svg)](../../b.md)',
      to: '[![a](https://git.test/shop/raw/main/a.svg)](https://git.test/shop/blob/main/b.md)',
    },
  ])('leads to $name of the repository', ({ from, to }) => {
    expect(toPage(`Read ${from}, please.`)).toBe(`Read ${to}, please.`);
  });

  it('leads to a file that is packed beside it as before', () => {
    const page = toPackedPage(
      '[a](../wire/b.md#c) [d](../../e.md)',
      'docs/guides',
      repository,
      () => false,
      (file) => file === 'docs/wire/b.md',
    );
    expect(page).toBe('[a](../wire/b.md#c) [d](https://git.test/shop/blob/main/e.md)');
  });

  it.each(['[a](https://example.com/b)', '[a](mailto:a@example.com)', '[a](#below)', 'no [link] at (all)'])(
    'leaves alone what is no path: %s',
    (text) => {
      expect(toPage(text)).toBe(text);
    },
  );
});
