import { describe, expect, it } from 'vitest';
import { readPath } from './canonical-request.ts';
import { createKnownHosts } from './known-hosts.ts';
import { createNextPageReader, isNextData } from './next-page.ts';

const hosts = createKnownHosts(['app.test'], 'https:');
const read = createNextPageReader({ locales: ['de', 'en-US'], hosts, readPath });
const pageOf = (target: string): string | undefined => {
  const [path = '', query] = target.split(/(?=\?)/, 2);
  return read(path, query ?? '')?.path;
};

describe('another spelling of a page', () => {
  it.each([
    ['/admin.rsc', '/admin'],
    ['/admin/x.prefetch.rsc', '/admin/x'],
    ['/admin.segments/_tree.segment.rsc', '/admin'],
    ['/admin/x.segments/admin/__PAGE__.segment.rsc', '/admin/x'],
    ['/admin.segments', '/admin'],
    ['/admin.rsc.rsc', '/admin'],
    ['/admin.RSC', '/admin'],
    ['/admin.action', '/admin'],
    ['/admin.txt', '/admin'],
    ['/_next/data/build/admin/x.json', '/admin/x'],
    ['/_next/data/build/index.json', '/'],
    ['/_next/data/build', '/'],
    ['/_next/data/build/index/admin.json', '/admin'],
    ['/_next/data/build/index/index.json', '/index'],
    ['/_next/data/build/admin.json/', '/admin'],
    ['/_NEXT/data/build/admin.json', '/admin'],
    ['/admin.rsc/', '/admin'],
    ['/docs/_next/data/build/x.json', '/docs/x'],
    ['/_next/data/build/de/admin.json', '/admin'],
    ['/de/admin/x', '/admin/x'],
    ['/DE/admin', '/admin'],
    ['/en-us/admin.rsc', '/admin'],
    ['/de', '/'],
    ['/de.rsc', '/'],
    ['/_next/image?url=%2Fadmin%2Fx.png&w=64', '/admin/x.png'],
    ['/_next/image/?url=/de/admin', '/admin'],
    ['/_next/image?url=https%3A%2F%2Fapp.test%2Fadmin', '/admin'],
    ['/_next/image?url=%2F%2561dmin', '/admin'],
    ['/_next/image?url=%2F_next%2Fdata%2Fbuild%2Fadmin.json', '/admin'],
  ])('%s is %s', (target, page) => {
    expect(pageOf(target)).toBe(page);
  });

  it.each(['/', '/admin', '/admin/x', '/den/admin', '/x/de/admin', '/_next/static/chunks/main', '/a.b/c'])(
    '%s is none',
    (target) => {
      expect(pageOf(target)).toBeUndefined();
    },
  );

  it('says nothing of pictures on other sites', () => {
    expect(pageOf('/_next/image?url=https%3A%2F%2Fimages.example.com%2Fx.png&w=64')).toBeUndefined();
  });

  it.each([
    '/_next/image',
    '/_next/image?url=',
    '/_next/image?url=/a&url=/b',
    '/_next/image?url=/a&%75rl=/b',
    '/_next/image?url=//evil.test/x',
    '/_next/image?url=%5C%5Cevil.test',
    '/_next/image?url=/a/../admin',
    '/_next/image?url=/a%252fb',
    '/_next/image?url=/a;b',
    '/_next/image?url=javascript:x',
    '/_next/image?url=http://127.0.0.1/x',
    '/_next/image?url=http://[::1]/x',
    '/_next/image?url=http://2130706433/x',
    '/_next/image?url=http://metadata.internal/x',
    '/_next/image?url=/_next/image%3Furl=/admin',
  ])('refuses %s', (target) => {
    expect(() => pageOf(target)).toThrow(expect.objectContaining({ code: 'SP_REQUEST_AMBIGUOUS' }));
  });
});

describe('what the router of Next.js reads', () => {
  it.each([
    ['/x.rsc', ''],
    ['/x.segments/_tree.segment.rsc', ''],
    ['/_next/data/build/x.json', ''],
    ['/x', '?_rsc=a'],
    ['/x', '?a=1&_rsc'],
  ])('is %s%s', (path, query) => expect(isNextData(path, query)).toBe(true));

  it.each([
    ['/x', ''],
    ['/x.json', ''],
    ['/x', '?a_rsc=1'],
    ['/_next/static/x.js', ''],
  ])('is not %s%s', (path, query) => expect(isNextData(path, query)).toBe(false));
});
