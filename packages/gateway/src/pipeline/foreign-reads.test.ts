import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let session: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: [
      { name: 'shared', prefix: '/shared', access: 'public', cors: { origins: ['https://partner.test'] } },
      { name: 'open', prefix: '/open', access: 'public', cors: { origins: ['*'] } },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.reset();
  session = gateway.sessions.add();
});

const sites = ['cross-site', 'same-site', 'same-origin', 'none', 'made-up', undefined];
/** https://fetch.spec.whatwg.org/#concept-request-mode */
const modes = ['cors', 'navigate', 'no-cors', 'same-origin', undefined];
/** https://fetch.spec.whatwg.org/#concept-request-destination */
const destinations = [
  ['document', 'empty', 'iframe', 'frame', 'embed', 'object', 'image', 'script', 'style', 'font', 'audio', 'video'],
  ['track', 'worker', 'sharedworker', 'serviceworker', 'manifest', 'report', 'json', 'xslt', undefined],
].flat();

function headersOf(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const sent = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...cookie(session), ...Object.fromEntries(sent) };
}

function carriedIdentity(): boolean {
  return gateway.upstream.seen.at(-1)?.headers['authorization'] !== undefined;
}

describe('what a page reads', () => {
  it.each(sites)('with Sec-Fetch-Site %s carries a session only from own pages, or into a tab', async (site) => {
    const isOwn = site === undefined || site === 'same-origin' || site === 'none';
    for (const mode of modes)
      for (const destination of destinations) {
        const intoTab =
          mode === 'navigate' && (destination === undefined || destination === 'document' || destination === 'empty');
        const headers = headersOf({
          'Sec-Fetch-Site': site,
          'Sec-Fetch-Mode': mode,
          'Sec-Fetch-Dest': destination,
        });
        const what = `${site} ${mode} ${destination}`;
        const answer = await gateway.send('GET', '/api/x', headers);
        expect([what, answer.status]).toEqual([what, isOwn || intoTab ? 200 : 403]);
        if (!isOwn && !intoTab) expect(answer.body).toContain('SP_CROSS_SITE_REQUEST');
        await gateway.send('GET', '/page', headers);
        expect([what, carriedIdentity()]).toEqual([what, isOwn || intoTab]);
      }
    expect(gateway.sessions.activity.some(({ sid }) => sid === gateway.sessions.sidOf(session))).toBe(false);
  });

  it.each(['https://evil.test', 'https://blog.app.test', 'http://app.test', 'null'])(
    'with the Origin %s and no more carries no session',
    async (origin) => {
      const headers = headersOf({ Origin: origin });
      expect((await gateway.send('GET', '/api/x', headers)).status).toBe(403);
      expect((await gateway.send('GET', '/events', { ...headers, Accept: 'text/event-stream' })).status).toBe(403);
      expect((await gateway.send('GET', '/page', headers)).status).toBe(200);
      expect(carriedIdentity()).toBe(false);
    },
  );

  it('from another host of ours carries the session', async () => {
    expect((await gateway.send('GET', '/api/x', headersOf({ Origin: 'https://shop.test' }))).status).toBe(200);
  });

  it('from a sibling into a frame is refused to signed-out visitors as well', async () => {
    const answer = await gateway.send('GET', '/api/x', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors' });
    expect(answer.status).toBe(403);
  });

  it('from another site keeps no session alive', async () => {
    const old = gateway.sessions.add({}, { idleExpiresAt: new Date(Date.now() + 60_000) });
    const isKept = (): boolean => gateway.sessions.activity.some(({ sid }) => sid === gateway.sessions.sidOf(old));
    await gateway.send('GET', '/page', { ...cookie(old), 'Sec-Fetch-Site': 'cross-site' });
    expect(isKept()).toBe(false);
    await gateway.send('GET', '/page', { ...cookie(old), 'Sec-Fetch-Site': 'same-origin' });
    expect(isKept()).toBe(true);
  });
});

describe('Access-Control-* of a service', () => {
  const permissive = {
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'x-secret',
  };
  beforeEach(() => {
    gateway.upstream.answer = (_, response) => response.writeHead(200, permissive).end('{}');
  });
  const sharedWith = async (target: string, origin: string): Promise<number> => {
    const { headers } = await gateway.send('GET', target, { Origin: origin });
    return Object.keys(headers).filter((name) => name.startsWith('access-control-')).length;
  };

  it.each([
    ['/public/x', 'https://partner.test', 0],
    ['/page', 'https://partner.test', 0],
    ['/shared/x', 'https://partner.test', 3],
    ['/shared/x', 'https://partner.test.evil.test', 0],
    ['/shared/x', 'null', 0],
    ['/open/x', 'https://evil.test', 3],
    ['/hooks/x', 'https://evil.test', 3],
  ])('at %s pass to %s: %d of them', async (target, origin, count) => {
    expect(await sharedWith(target, origin)).toBe(count);
  });
});

describe('Cross-Origin-Resource-Policy', () => {
  it('keeps what was made for one person out of the pages of other sites', async () => {
    const { headers } = await gateway.send('GET', '/api/x', cookie(session));
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  });

  it('is left to the service where it has one, and out where the answer is for everybody', async () => {
    expect((await gateway.send('GET', '/public/x', cookie(session))).headers).not.toHaveProperty(
      'cross-origin-resource-policy',
    );
    gateway.upstream.answer = (_, response) =>
      response.writeHead(200, { 'cross-origin-resource-policy': 'same-site' }).end();
    const { headers } = await gateway.send('GET', '/api/x', cookie(session));
    expect(headers['cross-origin-resource-policy']).toBe('same-site');
  });
});
