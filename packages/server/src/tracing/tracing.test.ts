import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestCollector, type ReceivedSpan, type TestCollector } from '../test-support/test-collector.ts';
import { send, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const patience = { timeout: 20_000, interval: 50 };
const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';

/** What the upstream of the tests was told. */
async function upstreamHeaders(answer: Response): Promise<Readonly<Record<string, string>>> {
  return ((await answer.json()) as { headers: Record<string, string> }).headers;
}

describe('traces', () => {
  let collector: TestCollector;
  let test: TestGateway | undefined;
  beforeEach(async () => {
    collector = await startTestCollector();
  });
  afterEach(async () => {
    await test?.close();
    test = undefined;
    collector.close();
  });

  const start = async (sampleRatio: number, endpoint = collector.endpoint): Promise<TestGateway> => {
    test = await startTestGateway({ config: { tracing: { endpoint, sampleRatio } } });
    return test;
  };
  const spanOf = async (name: string): Promise<ReceivedSpan> => {
    await vi.waitFor(() => expect(collector.spans.map((span) => span.name)).toContain(name), patience);
    const found = collector.spans.find((span) => span.name === name);
    if (found === undefined) throw new Error(`there is no span "${name}"`);
    return found;
  };

  it('go on from the caller to the upstream, and say what was decided', async () => {
    const gateway = await start(1);
    const cookie = await gateway.signIn();
    const answer = await gateway.get('/api/shop/a?q=1', {
      cookie,
      traceparent: `00-${traceId}-${parentId}-00`,
    });
    const headers = await upstreamHeaders(answer);
    const server = await spanOf('GET shop');
    const call = await spanOf('upstream shop');
    const lookUp = await spanOf('session look-up');
    expect(server).toMatchObject({ traceId, parentSpanId: parentId, kind: 2 });
    expect(server.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/api/shop',
      'http.response.status_code': 200,
      'sallyport.decision': 'forward',
      'sallyport.session_cache': 'miss',
      'sallyport.request_id': answer.headers.get('x-request-id'),
    });
    expect(call).toMatchObject({ traceId, parentSpanId: server.spanId, kind: 3 });
    expect(lookUp).toMatchObject({ traceId, parentSpanId: server.spanId });
    expect(headers['traceparent']).toBe(`00-${traceId}-${call.spanId}-01`);
  });

  it('begin with the request id, and have the reason of a refusal', async () => {
    const gateway = await start(1);
    const answer = await gateway.get('/api/shop/a');
    const server = await spanOf('GET shop');
    expect(server.traceId).toBe(answer.headers.get('x-request-id'));
    expect(server.attributes).toMatchObject({
      'sallyport.code': 'SP_UNAUTHENTICATED',
      'sallyport.reason': 'not-signed-in',
    });
  });

  it.each([
    { name: 'two of them', value: `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01` },
    { name: 'one of zeros', value: `00-${'0'.repeat(32)}-${parentId}-01` },
    { name: 'another version', value: `01-${traceId}-${parentId}-01` },
  ])('begin anew where the caller sends $name', async ({ value }) => {
    const gateway = await start(1);
    await gateway.get('/open/a', { traceparent: value });
    expect((await spanOf('GET open')).parentSpanId ?? '').toBe('');
  });

  it('are kept for the share that is configured, whatever the caller asks for', async () => {
    const gateway = await start(0);
    const answer = await gateway.get('/open/a', { traceparent: `00-${traceId}-${parentId}-01` });
    expect((await upstreamHeaders(answer))['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    await gateway.close();
    test = undefined;
    expect(collector.spans).toEqual([]);
  });

  it.each(['refuses', 'hangs'] as const)('harm nothing when the collector %s', async (kind) => {
    const mute = createServer();
    await once(mute.listen(0, '127.0.0.1'), 'listening');
    const { port } = mute.address() as AddressInfo;
    if (kind === 'refuses') mute.close();
    const gateway = await start(1, `http://127.0.0.1:${port}`);
    for (let turn = 0; turn < 20; turn++) expect((await gateway.get('/open/a')).status).toBe(200);
    await gateway.close();
    test = undefined;
    mute.close();
  });
});

it('no secret is in a log line, a metric or a trace', async () => {
  const collector = await startTestCollector();
  const test = await startTestGateway({ config: { tracing: { endpoint: collector.endpoint, sampleRatio: 1 } } });
  const cookie = await test.signIn();
  const secrets = Array.from({ length: 12 }, (_, index) => `canary${index}q7Zk3`);
  const [query, path, bearer, other, header, body, code, user] = secrets;
  for (const to of [
    '/open/',
    '/api/shop/',
    '/manage/',
    '/gone/',
    '/nowhere/',
    '/auth/session/',
    '/auth/verify-email/',
  ]) {
    for (const method of ['GET', 'POST', 'BREW', 'OPTIONS']) {
      for (const headers of [
        { cookie },
        { cookie: `${cookie}; other=${other}` },
        { cookie: `${cookie.split('=')[0]}=${other}` },
        { authorization: `Bearer ${bearer}` },
        { authorization: `Basic ${bearer}` },
        { cookie, authorization: `Bearer ${bearer}` },
        { cookie, origin: `https://${header}.test` },
        { 'x-request-id': header, traceparent: header, tracestate: `a=${header}`, 'user-agent': header },
        { host: `${header}.test` },
      ]) {
        const target = `${test.origin}${to}${path}?token=${query}&code=${code}&email=${user}@example.com`;
        const defined = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? '']));
        await send(target, method, defined, method === 'POST' ? `password=${body}` : undefined).catch(() => undefined);
      }
    }
  }
  const question = JSON.stringify({
    target: `/api/shop/a?token=${query}`,
    headers: [
      ['Cookie', cookie],
      ['X-Secret', header],
    ],
  });
  const explained = await send(`${test.adminOrigin}/explain`, 'POST', { 'content-type': 'application/json' }, question);
  const page = await send(`${test.adminOrigin}/metrics`, 'GET', {});
  await test.close();
  collector.close();

  expect(collector.spans.length).toBeGreaterThan(200);
  expect(test.lines.length).toBeGreaterThan(200);
  const seen = [JSON.stringify(test.lines), page.body, collector.text(), explained.body].join('\n');
  const token = cookie.split('=')[1] ?? '-';
  expect([...secrets, token].filter((secret) => seen.includes(secret))).toEqual([]);
  expect(seen).not.toMatch(/Bearer |eyJ/);
});
