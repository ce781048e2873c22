import { describe, expect, it } from 'vitest';
import { requireApiPath } from './api-path.ts';

describe('the path of a call through the gateway', () => {
  it.each([
    { name: 'an absolute address', path: 'https://evil.example/api/shop' },
    { name: 'an address without a scheme', path: '//evil.example/api/shop' },
    { name: 'a relative path', path: 'api/shop/products' },
    { name: 'something beside the services', path: '/auth/sessions' },
    { name: 'the keys', path: '/internal/.well-known/jwks.json' },
    { name: 'a prefix that only looks right', path: '/apis/shop' },
    { name: 'an empty segment', path: '/api/shop//products' },
    { name: 'an empty service', path: '/api//shop' },
    { name: 'an upward segment', path: '/api/shop/../../internal' },
    { name: 'an upward segment at the end', path: '/api/shop/..' },
    { name: 'a dot segment', path: '/api/./shop' },
    { name: 'an encoded upward segment', path: '/api/shop/%2e%2e/users' },
    { name: 'a half-encoded upward segment', path: '/api/shop/.%2E/users' },
    { name: 'an encoded slash', path: '/api/shop/a%2Fb' },
    { name: 'an encoded backslash', path: '/api/shop/a%5cb' },
    { name: 'a doubly encoded dot', path: '/api/shop/%252e%252e' },
    { name: 'an encoded null', path: '/api/shop/a%00' },
    { name: 'a backslash', path: '/api\\shop' },
    { name: 'a backslash in the query', path: '/api/shop?x=\\' },
    { name: 'a fragment', path: '/api/shop#users' },
    { name: 'a space', path: '/api/shop/a b' },
    { name: 'a line break', path: '/api/shop\r\nX-Evil: 1' },
    { name: 'a letter that needs encoding', path: '/api/shop/ü' },
    { name: 'a user in front of a host', path: '@evil.example/api/' },
    { name: 'a query only', path: '?/api/shop' },
    { name: 'nothing', path: '' },
  ])('is never $name', ({ path }) => {
    expect(() => requireApiPath(path)).toThrow(TypeError);
  });

  it('is not repeated in the refusal', () => {
    expect(() => requireApiPath('/elsewhere?secret=s3cret')).toThrow(/^((?!s3cret).)*$/);
  });

  it.each([
    '/api',
    '/api/',
    '/api?page=2',
    '/api/shop',
    '/api/shop/products',
    '/api/shop/products?q=a..b//c&r=%2e%2e',
    '/api/shop/a%20b',
    '/api/shop/',
  ])('may be %s, which is sent as it is', (path) => {
    expect(requireApiPath(path)).toBe(path);
    expect(new URL(path, 'http://app.test').pathname).toBe(path.split('?')[0]);
  });
});
