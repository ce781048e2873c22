import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Explanation } from '@sallyport/gateway';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { send, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { adminAddressFile } from './open-admin.ts';

const json = { 'content-type': 'application/json' };

describe('the admin listener', () => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway();
  });
  afterAll(() => test.close());

  const explain = async (question: object): Promise<Explanation> => {
    const answer = await send(`${test.adminOrigin}/explain`, 'POST', json, JSON.stringify(question));
    expect(answer.status).toBe(200);
    return JSON.parse(answer.body) as Explanation;
  };
  const factOf = ({ stages }: Explanation, stage: string, name: string): string | undefined =>
    stages.find((one) => one.stage === stage)?.facts.find((fact) => fact.name === name)?.value;
  const metrics = async (): Promise<string> => (await fetch(`${test.adminOrigin}/metrics`)).text();

  it('counts requests by route, and refusals by code and reason', async () => {
    const cookie = await test.signIn();
    expect((await test.get('/open/a')).status).toBe(200);
    expect((await test.get('/api/shop/a', { cookie })).status).toBe(200);
    expect((await test.get('/api/shop/a', { cookie })).status).toBe(200);
    expect((await test.get('/api/shop/a')).status).toBe(401);
    expect((await test.get('/manage', { cookie })).status).toBe(403);
    expect((await test.get('/gone')).status).toBe(502);
    expect((await send(`${test.origin}/open/..%2fx`, 'GET', {})).status).toBe(400);
    await vi.waitFor(async () => expect(await metrics()).toContain('code="SP_REQUEST_AMBIGUOUS"'));

    const page = await metrics();
    const line = (name: string, labels: string, value: string) =>
      expect(page).toMatch(new RegExp(`^${name}\\{${labels}\\} ${value}$`, 'm'));
    const route = (name: string, statusClass: string, decision: string, code: string) =>
      `listener="public",route="${name}",status_class="${statusClass}",decision="${decision}",code="${code}"`;
    line('sallyport_gateway_requests_total', route('open', '2xx', 'forward', ''), '1');
    line('sallyport_gateway_requests_total', route('shop', '2xx', 'forward', ''), '2');
    line('sallyport_gateway_requests_total', route('shop', '4xx', 'refuse', 'SP_UNAUTHENTICATED'), '1');
    line('sallyport_gateway_requests_total', route('manage', '4xx', 'refuse', 'SP_FORBIDDEN'), '1');
    line('sallyport_gateway_requests_total', route('gone', '5xx', 'refuse', 'SP_UPSTREAM_UNAVAILABLE'), '1');
    line('sallyport_gateway_refusals_total', 'listener="public",code="SP_FORBIDDEN",reason="role-missing"', '1');
    line('sallyport_gateway_request_duration_seconds_count', 'listener="public",route="shop"', '3');
    line('sallyport_gateway_request_duration_seconds_bucket', 'le="\\+Inf",listener="public",route="shop"', '3');
    expect(page).toMatch(/^sallyport_gateway_connections \d+$/m);
    expect(page).toMatch(/^sallyport_ready 1$/m);
    expect(page).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(page).toMatch(/^process_resident_memory_bytes /m);
  });

  it('writes a line with a reason for what is not even a request', async () => {
    await vi.waitFor(async () => {
      await send(`${test.origin}/open`, 'BREW', {}).catch(() => undefined);
      expect(test.lines).toContainEqual(
        expect.objectContaining({
          message: 'request',
          fields: expect.objectContaining({
            code: 'SP_METHOD_NOT_ALLOWED',
            reason: 'method-unknown',
            route: '-',
          }) as object,
        }),
      );
    });
  });

  it('has the reason of what identity refuses in the one line of the request, and counts sign-ins', async () => {
    await test.signIn();
    const answer = await send(
      `${test.origin}/auth/sign-in/email`,
      'POST',
      { ...json, origin: test.origin },
      JSON.stringify({ email: 'unknown@example.com', password: 'not-the-password-of-any-account' }),
    );
    expect(answer.status).toBe(401);
    await vi.waitFor(() => {
      const refused = test.lines.find(({ fields }) => fields['code'] === 'SP_CREDENTIALS_INVALID');
      expect(refused).toMatchObject({
        message: 'request',
        fields: { route: 'auth', status: 401, decision: 'mount', reason: expect.stringMatching(/^[a-z-]+$/) as string },
      });
    });
    const page = await metrics();
    expect(page).toMatch(/^sallyport_security_events_total\{type="sign-in.refused",outcome="refused"\} 1$/m);
    expect(page).toMatch(/^sallyport_security_events_total\{type="sign-in.succeeded",outcome="success"\} \d+$/m);
    expect(page).toMatch(
      /^sallyport_gateway_refusals_total\{listener="public",code="SP_CREDENTIALS_INVALID",reason="/m,
    );
  });

  it('is not on the public listener, nor on the internal one', async () => {
    const internal = `http://127.0.0.1:${test.gateway.internalPort}`;
    for (const path of ['/metrics', '/explain', '/status']) {
      expect((await test.get(path)).status).toBe(404);
      expect((await send(internal + path, 'GET', {})).status).toBe(404);
    }
  });

  it.each([
    { name: 'under a name of another owner that points here', headers: { host: 'evil.example' }, status: 421 },
    { name: 'from a page', headers: { origin: 'http://localhost' }, status: 403 },
    { name: 'from a page that hides where it is', headers: { origin: 'null' }, status: 403 },
    { name: 'from an image of a page', headers: { 'sec-fetch-site': 'cross-site' }, status: 403 },
  ])('refuses to be called $name', async ({ headers, status }) => {
    for (const [path, method] of [
      ['/metrics', 'GET'],
      ['/explain', 'POST'],
    ] as const) {
      const answer = await send(test.adminOrigin + path, method, headers);
      expect(answer.status).toBe(status);
      expect(answer.body).not.toContain('sallyport_');
    }
  });

  it.each([
    { name: 'another path', path: '/debug', method: 'GET', headers: {}, status: 404 },
    { name: 'another method', path: '/metrics', method: 'POST', headers: {}, status: 405 },
    { name: 'a question that is a page to fetch', path: '/explain', method: 'GET', headers: {}, status: 405 },
    { name: 'a form', path: '/explain', method: 'POST', headers: { 'content-type': 'text/plain' }, status: 415 },
    { name: 'half a question', path: '/explain', method: 'POST', headers: json, body: '{', status: 400 },
    {
      name: 'a question with more in it',
      path: '/explain',
      method: 'POST',
      headers: json,
      body: '{"x":1}',
      status: 422,
    },
    ...[
      { name: 'a caller of the internal listener without an audience', question: { listener: 'internal', sid: 'a' } },
      { name: 'a zone at the public listener', question: { sid: 'a', from: 'shop' } },
      { name: 'a listener that is none', question: { listener: 'admin' } },
    ].map(({ name, question }) => ({
      name,
      path: '/explain',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ target: '/', ...question }),
      status: 422,
    })),
    {
      name: 'a header that would become two',
      path: '/explain',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ target: '/', headers: [['a', 'b\r\nc: d']] }),
      status: 422,
    },
    { name: 'a flood', path: '/explain', method: 'POST', headers: json, body: 'x'.repeat(70_000), status: 413 },
  ])('refuses $name', async ({ path, method, headers, body, status }) => {
    const answer = await send(test.adminOrigin + path, method, headers, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ status, code: expect.stringMatching(/^SP_/) as string });
  });

  it('notes where it is in the data folder, for its owner alone', () => {
    expect(readFileSync(join(test.dataDir, adminAddressFile), 'utf8').trim()).toBe(test.adminOrigin);
  });

  it('explains stage by stage what becomes of a request that is forwarded', async () => {
    const cookie = await test.signIn('vendor');
    const explanation = await explain({ target: '/api/shop/products?q=secret-word', headers: [['Cookie', cookie]] });
    expect(explanation.decision).toBe('forward');
    expect(explanation.stages.map(({ stage, outcome }) => [stage, outcome])).toEqual([
      ['firewall', 'passed'],
      ['route', 'passed'],
      ['limit-address', 'passed'],
      ['cross-origin', 'passed'],
      ['webhook', 'passed'],
      ['authenticate', 'passed'],
      ['limit-caller', 'passed'],
      ['protect', 'passed'],
      ['authorize', 'passed'],
      ['translate', 'decided'],
      ['forward', 'decided'],
    ]);
    expect(factOf(explanation, 'route', 'route shop')).toContain('chosen');
    expect(factOf(explanation, 'authenticate', 'roles')).toBe('vendor');
    expect(factOf(explanation, 'translate', 'audience')).toBe('shop');
    expect(factOf(explanation, 'translate', 'scope')).toContain('product:create');
    expect(factOf(explanation, 'forward', 'path')).toBe('/products');
    const text = JSON.stringify(explanation);
    expect(text).not.toContain(cookie.split('=')[1] ?? '-');
    expect(text).not.toContain('secret-word');
    expect(text).not.toMatch(/eyJ|@/);
  });

  it.each([
    {
      name: 'who is not signed in',
      question: { target: '/api/shop/a' },
      code: 'SP_UNAUTHENTICATED',
      stage: 'authorize',
    },
    {
      name: 'what the firewall refuses',
      question: { target: '/api//shop' },
      code: 'SP_REQUEST_AMBIGUOUS',
      stage: 'firewall',
    },
    {
      name: 'another host',
      question: { target: '/', headers: [['Host', 'evil.test']] },
      code: 'SP_HOST_UNKNOWN',
      stage: 'firewall',
    },
    { name: 'where nothing is', question: { target: '/nowhere' }, code: 'SP_NOT_FOUND', stage: 'route' },
    {
      name: 'two credentials',
      question: { target: '/api/shop/a', headers: [['Authorization', 'Bearer x']] },
      code: 'SP_TOKEN_INVALID',
      stage: 'authenticate',
    },
    {
      name: 'a session that is not there',
      question: { target: '/api/shop/a', sid: 'none' },
      code: 'SP_UNAUTHENTICATED',
      stage: 'authorize',
    },
  ])('explains the refusal of $name', async ({ question, code, stage }) => {
    const explanation = await explain(question);
    expect(explanation).toMatchObject({ decision: 'refuse', code });
    expect(explanation.stages.find(({ outcome }) => outcome === 'refused')?.stage).toBe(stage);
  });

  it('explains what a page of another site would meet, and which role is missing, by the handle of the session alone', async () => {
    const cookie = await test.signIn('user');
    const { sessions } = (await (await test.get('/auth/sessions', { cookie })).json()) as {
      sessions: readonly { sid: string; current?: boolean }[];
    };
    const sid = sessions.at(-1)?.sid ?? '';
    expect(
      await explain({ method: 'POST', target: '/api/shop/a', sid, headers: [['Origin', 'https://evil.test']] }),
    ).toMatchObject({
      code: 'SP_CROSS_SITE_REQUEST',
      reason: 'source-other-site',
    });
    const refused = await explain({ target: '/manage', sid });
    expect(refused).toMatchObject({ code: 'SP_FORBIDDEN', reason: 'role-missing' });
    expect(factOf(refused, 'authorize', 'missing role')).toBe('one of admin');
    const calledBy = (from: string) => explain({ listener: 'internal', from, target: '/api/shop/a', sid });
    expect(await calledBy('shop')).toMatchObject({ decision: 'refuse', reason: 'caller-not-listed' });
    const internal = await calledBy('manage');
    expect(internal.decision).toBe('forward');
    expect(factOf(internal, 'authenticate', 'actor')).toBe('manage');
  });
});
