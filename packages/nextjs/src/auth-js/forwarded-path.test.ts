import { describe, expect, it } from 'vitest';
import { requireForwardedPath } from './forwarded-path.ts';

const prefixes = ['/account', '/api/shop', '/_zones'];

describe('a path', () => {
  it.each([
    '/account',
    '/account/',
    '/account/sessions',
    '/api/shop/products/a%20b',
    '/_zones/account/_next/x.js',
    '/account/.well-known',
    '/account/a..b',
    '/account/100%25',
  ])('is forwarded: %s', (path) => {
    expect(() => requireForwardedPath(path, prefixes)).not.toThrow();
  });

  it.each([
    '/',
    '/accounts',
    '/account-admin',
    '/ACCOUNT',
    '/api',
    '/api/shopping',
    '/admin',
    '/auth/sign-in',
    '/oauth2/token',
    '/internal/x',
  ])('is below no prefix: %s', (path) => {
    expect(() => requireForwardedPath(path, prefixes)).toThrow(expect.objectContaining({ code: 'SP_NOT_FOUND' }));
  });

  it.each([
    '/account/../admin',
    '/account/./x',
    '/account/%2e%2e/admin',
    '/account/%2E%2E%2Fadmin',
    '/account/.%2e/admin',
    '/account/%252e%252e/admin',
    '/account/%25252e%25252e/admin',
    '/account/..;/admin',
    '/account/..;x=y/admin',
    '/account/%2e%2e;/admin',
    '/account/..%5cadmin',
    '/account/a%2fb',
    '/account/a%252fb',
    '/account/a\\b',
    '/account//admin',
    '//evil.example/account',
    '/account/%00',
    '/account/%0d%0aset-cookie:x=y',
    '/account/%zz',
    '/account/%ff',
    '/account/%2525252525252e',
    'http://evil.example/account',
  ])('is refused because servers read it in two ways: %s', (path) => {
    expect(() => requireForwardedPath(path, prefixes)).toThrow(
      expect.objectContaining({ code: 'SP_REQUEST_AMBIGUOUS' }),
    );
  });
});
