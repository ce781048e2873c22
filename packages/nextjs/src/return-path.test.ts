import { toSafeReturnTo } from '@sallyport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReturnPath } from './return-path.ts';
import { signInUrl } from './sign-in-url.ts';

describe('the path to return to', () => {
  it.each([
    { name: 'nothing', text: undefined },
    { name: 'an absent header', text: null },
    { name: 'an empty text', text: '' },
    { name: 'another origin', text: 'https://evil.example/' },
    { name: 'a host without a scheme', text: '//evil.example/' },
    { name: 'a host after a backslash', text: '/\\evil.example' },
    { name: 'two backslashes', text: '\\\\evil.example' },
    { name: 'a host behind a tab, which browsers drop', text: '/\t/evil.example' },
    { name: 'a host behind a line break', text: '/\n/evil.example' },
    { name: 'a host behind a dot segment', text: '/.//evil.example' },
    { name: 'a host behind an upward segment', text: '/a/..//evil.example' },
    { name: 'a script', text: 'javascript:alert(1)' },
    { name: 'a relative path', text: 'account' },
    { name: 'a leading space', text: ' /account' },
    { name: 'a null character', text: '/account\u0000' },
    { name: 'a next-line character', text: '/account\u0085' },
    { name: 'a path of 5,000 characters', text: `/${'a'.repeat(5000)}` },
    { name: 'a path with dot segments', text: '/a/../account' },
    { name: 'the sign-in page itself', text: '/auth/sign-in?returnTo=%2Fsign-in' },
    { name: 'the signed-out page', text: '/auth/signed-out?reason=ended' },
  ])('is never $name', ({ text }) => {
    expect(parseReturnPath(text)).toBeUndefined();
    expect(signInUrl(text ?? undefined)).toBe('/auth/sign-in');
  });

  it.each([
    { name: 'a path', text: '/account', expected: '/account' },
    { name: 'a query and a fragment', text: '/products?page=2#last', expected: '/products?page=2#last' },
    { name: 'an address in the query', text: '/a?u=https://x.example//y', expected: '/a?u=https://x.example//y' },
    { name: 'the page of a person', text: '/@alice?tab=posts#2', expected: '/@alice?tab=posts#2' },
  ])('keeps $name', ({ text, expected }) => {
    expect(parseReturnPath(text)).toBe(expected);
  });

  it("drops the mark of Next's router, and nothing else of the query", () => {
    expect(parseReturnPath('/account?tab=sessions&_rsc=1x2y')).toBe('/account?tab=sessions');
    expect(parseReturnPath('/account?_rsc=1x2y')).toBe('/account');
  });

  it('is what the sign-in pages would lead to, whatever the text', () => {
    const piece = fc.constantFrom(
      '/',
      '@',
      '.',
      '..',
      '%2f',
      '%40',
      ':',
      '?',
      '#',
      'auth',
      'sign-in',
      'x',
      ';',
      '\\',
      'é',
    );
    const text = fc.oneof(
      fc.array(piece).map((pieces) => `/${pieces.join('')}`),
      fc.webPath(),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, (asked) => {
        expect(parseReturnPath(asked) ?? '/').toBe(toSafeReturnTo(asked));
      }),
      { numRuns: 2000 },
    );
  });

  it('is encoded in the address of the sign-in page', () => {
    expect(signInUrl('/products?page=2&x=1')).toBe('/auth/sign-in?returnTo=%2Fproducts%3Fpage%3D2%26x%3D1');
  });

  it('is left out when it is the home page anyway', () => {
    expect(signInUrl('/')).toBe('/auth/sign-in');
  });
});
