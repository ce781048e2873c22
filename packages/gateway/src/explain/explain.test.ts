import type { RequestLimit, RouteInput } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../test-support/raw-client.ts';
import { cookie, route, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import type { Explanation, ExplainQuestion } from './explanation.ts';

const minute = (per: RequestLimit['per'], max: number): RequestLimit => ({ per, max, seconds: 60 });

let time: number;
let gateway: TestGateway;
beforeEach(() => {
  time = Date.parse('2026-01-01T00:00:00Z');
});
afterEach(() => gateway.close());

async function open(routes: readonly Partial<RouteInput>[] = []): Promise<void> {
  gateway = await startTestGateway({ now: () => new Date(time), moreRoutes: routes });
}

const explain = (question: Partial<ExplainQuestion> & { readonly target: string }): Promise<Explanation> =>
  gateway.gateway.explain({ method: 'GET', headers: [], ...question });

function factsOf({ stages }: Explanation, stage: string): readonly string[] {
  const facts = stages.find((one) => one.stage === stage)?.facts ?? [];
  return facts.map(({ name, value }) => `${name}: ${value}`);
}

describe('limits on requests are explained', () => {
  beforeEach(() =>
    open([
      {
        name: 'limited',
        prefix: '/limited',
        access: 'optional',
        limits: { requests: [minute('address', 3), minute('session', 2), minute('account', 9), minute('key', 1)] },
      },
    ]),
  );

  it('shows limits by rule, kind of key, subject and what is left', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/limited', cookie(token));
    const explanation = await explain({ target: '/limited', headers: ['Cookie', cookie(token).Cookie] });
    expect(explanation.decision).toBe('forward');
    expect(factsOf(explanation, 'limit-address')).toEqual([
      'limit per address: limited-address-60s, 3 in 60 s: 2 left for 127.0.0.1',
    ]);
    const facts = factsOf(explanation, 'limit-caller');
    expect(facts).toEqual([
      expect.stringMatching(/^limit per session: limited-session-60s, 2 in 60 s: 1 left for ./),
      'limit per account: limited-account-60s, 9 in 60 s: 8 left for alice',
      'limit per key: limited-key-60s, 1 in 60 s: not counted for this caller',
    ]);
    expect(JSON.stringify(explanation)).not.toContain(token);
  });

  it('uses up no limit, however often it is asked', async () => {
    for (let count = 0; count < 10; count++) await explain({ target: '/limited' });
    for (const status of [200, 200, 200, 429]) expect((await gateway.send('GET', '/limited')).status).toBe(status);
    for (let count = 0; count < 10; count++) await explain({ target: '/limited', clientAddress: `192.0.2.${count}` });
    expect((await gateway.send('GET', '/limited')).status).toBe(429);
  });

  it('as the refusal that the request would meet, until there is room again', async () => {
    for (let count = 0; count < 3; count++) await gateway.send('GET', '/limited');
    const refused = await explain({ target: '/limited' });
    expect(refused).toMatchObject({ decision: 'refuse', status: 429, code: 'SP_TOO_MANY_REQUESTS' });
    expect(refused.stages.find(({ outcome }) => outcome === 'refused')?.stage).toBe('limit-address');
    expect(factsOf(refused, 'limit-address')).toEqual([
      'limit per address: limited-address-60s, 3 in 60 s: used up, one more in 80 s for 127.0.0.1',
    ]);
    expect((await explain({ target: '/limited', clientAddress: '192.0.2.1' })).decision).toBe('forward');
    time += 79_000;
    expect((await explain({ target: '/limited' })).decision).toBe('refuse');
    time += 1000;
    expect(factsOf(await explain({ target: '/limited' }), 'limit-address')[0]).toContain('1 left');
    time += 120_000;
    expect(factsOf(await explain({ target: '/limited' }), 'limit-address')[0]).toContain('3 left');
  });

  it('as none where there are none', async () => {
    const explanation = await explain({ target: '/public/x' });
    expect(factsOf(explanation, 'limit-address')).toEqual(['limits: none by address']);
    expect(factsOf(explanation, 'limit-caller')).toEqual(['limits: none by session, account or key']);
  });

  it('as they are after a change of the configuration', async () => {
    await gateway.send('GET', '/limited');
    const limited = { name: 'limited', prefix: '/limited', access: 'optional' } as const;
    gateway.gateway.reconfigure({ routes: [route({ ...limited, limits: { requests: [minute('address', 5)] } })] });
    expect(factsOf(await explain({ target: '/limited' }), 'limit-address')[0]).toContain('5 in 60 s: 4 left');
  });
});

describe('the internal listener is explained', () => {
  beforeEach(() => open([{ name: 'service', prefix: '/service', access: 'service' }]));
  const inside = (question: Partial<ExplainQuestion> & { readonly target: string }): Promise<Explanation> =>
    explain({ listener: 'internal', ...question });

  it('by its own hosts, callers and rules', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/page', cookie(token));
    const authorization = String(gateway.upstream.seen.at(-1)?.headers['authorization']);
    const explanation = await inside({ method: 'POST', target: '/api/x', headers: ['Authorization', authorization] });
    expect(explanation.decision).toBe('forward');
    expect(factsOf(explanation, 'firewall')[0]).toBe('canonical request: POST app.test/api/x');
    expect(factsOf(explanation, 'authenticate')).toContain('actor: shell');
    expect(factsOf(explanation, 'protect')).toEqual(['cross-site check: not for the internal listener']);
    expect(factsOf(explanation, 'limit-address')).toEqual(['limits: none: the internal listener counts nothing']);
    expect(JSON.stringify(explanation)).not.toContain(authorization.slice(7));
    const sent = { Host: `127.0.0.1:${gateway.internalPort}`, Authorization: authorization };
    expect((await request(gateway.internalPort, 'POST', '/api/x', sent)).status).toBe(200);
  });

  it('for a session by its handle, and the zone that calls for it', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/page', cookie(token));
    const page = await explain({ target: '/page', headers: ['Cookie', cookie(token).Cookie] });
    const sid =
      factsOf(page, 'authenticate')
        .find((fact) => fact.startsWith('session: '))
        ?.slice(9) ?? '';
    const explanation = await inside({ target: '/api/x', sid, from: 'shell' });
    expect(explanation.decision).toBe('forward');
    expect(factsOf(explanation, 'authenticate')).toContain('actor: shell');
    for (const from of ['unknown', undefined]) {
      const question = { target: '/api/x', sid, ...(from === undefined ? {} : { from }) };
      expect(await inside(question)).toMatchObject({ code: 'SP_TOKEN_INVALID', reason: 'audience-unknown' });
    }
    expect(await inside({ target: '/api/x', sid: 'gone', from: 'shell' })).toMatchObject({
      code: 'SP_TOKEN_INVALID',
      reason: 'session-ended',
    });
  });

  it.each([
    {
      name: 'a cookie counts for nothing',
      question: { target: '/api/x', headers: ['Cookie', 'a=b'] },
      code: 'SP_UNAUTHENTICATED',
    },
    {
      name: 'the public host is not served',
      question: { target: '/api/x', headers: ['Host', 'app.test'] },
      code: 'SP_HOST_UNKNOWN',
    },
    {
      name: 'a token of another issuer is refused',
      question: { target: '/api/x', headers: ['Authorization', 'Bearer a.b.c'] },
      code: 'SP_TOKEN_INVALID',
    },
    {
      name: 'no WebSocket passes',
      question: {
        target: '/public/x',
        headers: [
          'Connection',
          'Upgrade',
          'Upgrade',
          'websocket',
          'Sec-WebSocket-Version',
          '13',
          'Sec-WebSocket-Key',
          'dGhlIHNhbXBsZSBub25jZQ==',
        ],
      },
      code: 'SP_UPGRADE_UNSUPPORTED',
    },
  ])('where $name', async ({ question, code }) => {
    expect(await inside(question)).toMatchObject({ decision: 'refuse', code });
  });
});
