import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

/* Ids are those of the catalogue of hostile cases. Bytes go over a socket, because clients tidy them up. */

let gateway: TestGateway;
let alice: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  alice = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

describe('an ambiguous path is refused before anything is looked up', () => {
  it.each([
    ['P01', '/public/../admin/x'],
    ['P02', '/public/%2e%2e/admin/x'],
    ['P02', '/public/.%2e/admin/x'],
    ['P02', '/public/%2E./admin/x'],
    ['P04', '/public/..%5cadmin/x'],
    ['P04', '/public/x/..%5c..%5cadmin'],
    ['P05', '/public/x/.%09./admin/u'],
    ['P07', '//admin/x'],
    ['P07', '/public//admin/x'],
    ['P07', '///admin'],
    ['P08', '/public\\..\\admin\\x'],
    ['P13', '/admin;a=b/x'],
    ['P13', '/admin%3ba=b/x'],
    ['P14', '/public/%252e%252e/admin/x'],
    ['P14', '/public/%25%32%65/admin'],
    ['P17', '/admin%00/x'],
    ['P17', '/public/%00/../admin'],
    ['P19', '/api%2fv1'],
    ['P20', '/public/%c0%ae%c0%ae/admin'],
    ['P20', '/public/%ff'],
    ['P20', '/public/%'],
    ['P20', '/public/%zz'],
    ['P22', '/caf\u00c3\u00a9'],
    ['P23', '/admin/.'],
    ['P23', '/admin/x/..'],
    ['an encoded fragment', '/admin%23/x'],
    ['an encoded query', '/admin%3f/x'],
    ['a fragment', '/public/x#/admin'],
    ['a fragment in the query', '/public/x?a#b'],
    ['N11', '/public/x?nxtPslug=admin'],
    ['N11, encoded', '/public/x?%6extPslug=admin'],
    ['N11, a note of Next.js to itself', '/public/x?__nextDataReq=1'],
  ])('%s: %s', async (_id, target) => {
    const answer = await gateway.send('GET', target, cookie(alice));
    expect(answer.status).toBe(400);
    expect(answer.headers['connection']).toBe('close');
    expect(gateway.upstream.started).toBe(0);
    // Node answers itself what its own parser refuses; ours is a problem that echoes nothing.
    if (answer.body === '') return;
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
    expect(answer.body).not.toContain(target.slice(1));
  });

  it.each([
    '/public/a%20b',
    '/public/caf%C3%A9',
    '/public/%5Bid%5D/x',
    '/public/.well-known/x',
    '/public/a..b/...',
    '/public/',
  ])('passes %s on untouched', async (target) => {
    expect((await gateway.send('GET', `${target}?q=%2e%2e/&r=a;b`)).status).toBe(200);
    expect(gateway.upstream.seen[0]?.target).toBe(`${target}?q=%2e%2e/&r=a;b`);
  });

  it.each([
    ['P11', '/%61dmin/x'],
    ['P16', '/api/secret?x=/public/'],
    ['P23', '/admin/'],
    ['P23', '/admin'],
    ['N04', '/admin/x.rsc'],
    ['N04', '/api/x?_rsc=abc'],
    ['Q01', '/api/x'],
  ])('%s: %s is matched as what it means', async (_id, target) => {
    const answer = await gateway.send('GET', target, { 'User-Agent': 'kube-probe/1' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="sallyport"');
    expect(gateway.upstream.started).toBe(0);
  });

  it('P25: decides about the path that any upstream will read', async () => {
    const path = fc.string({
      unit: fc.constantFrom(...'/.%2ef5c09;\\#?:@a', 'admin', 'public', 'api'),
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(path, async (tail) => {
        gateway.upstream.reset();
        await gateway.send('GET', `/${tail}`);
        const [seen] = gateway.upstream.seen;
        if (seen === undefined) return;
        expect(seen.target).toBe(`/${tail}`);
        for (const reading of readingsOf(seen.target)) {
          // Nothing was presented, so nothing that asks for a session may have been reached, in any reading.
          expect(reading).not.toMatch(/^\/(?:admin|api|events|ws)(?:\/|$)/);
        }
      }),
      { numRuns: 1500 },
    );
    // Each is a connection of its own, which a busy machine makes slowly.
  }, 180_000);
});

/** What a WHATWG parser, a cleaning server and a server with path parameters make of a target. */
function readingsOf(target: string): readonly string[] {
  const path = target.split('?')[0] ?? '';
  const decoded = decodeURIComponent(path);
  const withoutParameters = decoded.replaceAll(/;[^/]*/g, '');
  const twice = decodeURIComponent(decoded.replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25'));
  return [path, decoded, withoutParameters, twice].flatMap((text) => [
    text,
    new URL(text.replace(/^\/+/, '/'), 'https://app.test').pathname,
    clean(text),
    clean(text.replaceAll('\\', '/')),
  ]);
}

function clean(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}
