import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RequestRecord } from './record.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createGatewayTraces } from './traces.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const lines: unknown[] = [];
const refusals: RequestRecord[] = [];
const traces = createGatewayTraces();

let gateway: TestGateway;
beforeAll(async () => {
  const note = (message: string, fields: unknown): void => void lines.push({ message, fields });
  gateway = await startTestGateway({
    now: () => new Date(start),
    accessLog: true,
    logger: { info: note, warn: note, error: note },
    traces,
    onRefusal: (record) => refusals.push(record),
  });
});
afterAll(() => gateway.close());
afterEach(() => {
  lines.length = 0;
  refusals.length = 0;
});

describe('records', () => {
  it('hold one line per request, with a reason for a refusal and nothing secret', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x?canary=1', { ...cookie(token), 'X-Canary': 'canary' });
    await gateway.send('GET', '/api/x?canary=1');
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[0]).toMatchObject({
      message: 'request',
      fields: { route: 'api', status: 200, subject: 'alice', decision: 'forward', tokenCache: 'miss' },
    });
    expect(lines[1]).toMatchObject({
      fields: { status: 401, decision: 'refuse', code: 'SP_UNAUTHENTICATED', reason: 'not-signed-in' },
    });
    expect(refusals).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${token}|canary|eyJ`));
  });

  it('say why a cookie was no session, and not only that none was presented', async () => {
    const ended = gateway.sessions.add();
    gateway.sessions.remove(ended);
    for (const token of [ended, 'malformed']) {
      expect(await gateway.send('GET', '/api/x', cookie(token))).toMatchObject({ status: 401 });
    }
    expect(refusals.map(({ reason }) => reason)).toEqual(['session-ended', 'cookie-malformed']);
  });

  it('keep the stages, the claims and never a token for the page of the session', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x?canary=1', cookie(token));
    await gateway.send('GET', '/admin/x', cookie(token));
    await expect.poll(() => traces.list(gateway.sessions.sidOf(token)).length).toBe(2);
    const [refused, passed] = traces.list(gateway.sessions.sidOf(token));
    expect(refused).toMatchObject({ status: 403, decision: 'refuse', reason: 'role-missing', signatures: 0 });
    expect(passed).toMatchObject({ path: '/api/x', sessionCache: 'miss', tokenCache: 'miss', signatures: 1 });
    expect(passed?.claims).toMatchObject({ aud: 'api', sub: 'alice' });
    expect(passed?.stages.map((stage) => stage.name)).toEqual([
      'firewall',
      'route',
      'limit-address',
      'cross-origin',
      'webhook',
      'authenticate',
      'limit-caller',
      'protect',
      'authorize',
      'translate',
    ]);
    expect(passed?.upstreamMilliseconds).toBeGreaterThan(0);
    expect(JSON.stringify([refused, passed])).not.toMatch(/canary|eyJ/);
  });
});
