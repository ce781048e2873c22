import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePages } from './page-table.ts';
import { toSafeReturnTo } from './return-to.ts';

describe('the page to return to', () => {
  it.each([
    '/',
    '/account',
    '/products?page=2&sort=name',
    '/a/b-c_d~e.f#part',
    '/x?next=%2F%2Fevil.test',
    '/authors',
    '/sign-in-help',
    '/@alice',
    '/u/@alice/posts',
    '/%40alice',
    '/account#security',
    '/auth/oauth/V1StGXR8_Z5jdHi6B-myT',
    '/auth/device?user_code=WDJB-MJHT',
    `/products?filter=${'a'.repeat(2500)}#last`,
  ])('may be %s', (path) => expect(toSafeReturnTo(path)).toBe(path));

  it.each([
    '//evil.test',
    '///evil.test',
    '////evil.test',
    '/\\evil.test',
    '\\/evil.test',
    '/\\/evil.test',
    '\\\\evil.test',
    'https:evil.test',
    'https:/evil.test',
    'http:evil.test',
    '//evil.test%2f@app.test',
    'https://app.test@evil.test',
    'https://app.test:x@evil.test',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    '%6aavascript:alert(1)',
    'data:text/html,x',
    '/./\\evil',
    '/../\\evil',
    '/.//evil.test',
    '/..//evil.test',
    '/%2f/evil.test',
    '/%5cevil.test',
    '/%2e%2e//evil.test',
    '/\tevil.test',
    '/\n/evil.test',
    '\t//evil.test',
    ' /account',
    '/a b',
    '/account\u2028',
    '／／evil.test',
    '/／evil.test',
    'https://app。test',
    '"><script>alert(1)</script>',
    '/auth/sign-out',
    '/auth/oauth',
    '/auth/oauth/V1StGXR8_Z5jdHi6B-myT/decision',
    '/auth/device/decision',
    '/auth/organizations',
    '/auth/my',
    '/auth/my/organizations/../../sign-out',
    '/auth/invitation/x',
    '/auth/oauth/../sign-out',
    '/oauth2/auth/V1StGXR8_Z5jdHi6B-myT',
    '/auth',
    '/AUTH/sign-out',
    '/%61uth/sign-out',
    '/sign%2dout',
    '/%ff',
    '/%09/127.1',
    '/:/evil.test',
    '/javascript:alert(1)',
    '/https:evil.test',
    '/sign-in?returnTo=/sign-in',
    '/sign-out',
    '/reset-password?token=x',
    '/a/../auth/sign-out',
    '/a/./b',
    `/${'a'.repeat(4096)}`,
    '//@evil.test',
    '/\\@evil.test',
    '@evil.test',
    '/x:y@evil.test',
    '',
    'account',
    '?x=1',
    '#x',
  ])('is the home page when %j was asked for', (asked) => expect(toSafeReturnTo(asked)).toBe('/'));

  it('is the home page when nothing was asked for', () => {
    expect(toSafeReturnTo(undefined)).toBe('/');
    expect(toSafeReturnTo(null)).toBe('/');
  });

  it('is on this origin, whatever was asked for', () => {
    const origin = 'https://app.example.test';
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '%5C',
      '%2e',
      '@',
      ':',
      '?',
      '#',
      '\t',
      '\n',
      'evil.test',
      'https:',
      ' ',
      ';',
    );
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => `/${pieces.join('')}`),
      fc.webUrl(),
    );
    fc.assert(
      fc.property(anything, (asked) => {
        const target = toSafeReturnTo(asked);
        const url = new URL(target, origin);
        expect(target.startsWith('/') && !target.startsWith('//')).toBe(true);
        expect(url.origin).toBe(origin);
        expect(url.pathname.startsWith('/auth/')).toBe(false);
        expect(target === '/' || target === asked).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the page to return to, beside pages of the adopter', () => {
  const pages = resolvePages({
    signIn: '/login',
    verifyEmail: '/welcome/confirm',
    security: '/me/security',
    organization: '/team',
  });

  it.each(['/login', '/login/help', '/LOGIN?returnTo=/login', '/log%69n', '/welcome/confirm#x', '/auth/sign-in'])(
    'is never one of the sign-in flow: %s',
    (asked) => {
      expect(toSafeReturnTo(asked, pages)).toBe('/');
    },
  );

  it.each([
    '/logins',
    '/welcome',
    '/me/security',
    '/auth/security',
    '/auth/security?x=1',
    '/team?id=org_1',
    '/auth/my/organizations',
    '/auth/my/organization?id=org_1',
    '/auth/invitation',
  ])('may be %s', (asked) => {
    expect(toSafeReturnTo(asked, pages)).toBe(asked);
  });
});
