import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger, type Logger } from '@sallyport/core';
import type { RequestRecord } from '@sallyport/gateway';
import { kernelEvents, type KernelEvent } from '@sallyport/identity';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRefusalEvents } from './refusal-events.ts';
import { send, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

const record: RequestRecord = {
  event: 'request',
  requestId: 'req-1',
  listener: 'public',
  method: 'GET',
  route: 'admin',
  status: 403,
  durationMilliseconds: 1,
  callerKind: 'user',
  subject: 'alice',
  sid: 'session-1',
  actor: undefined,
  decision: 'refuse',
  code: 'SP_FORBIDDEN',
  reason: 'role-missing',
  sessionCache: 'hit',
  tokenCache: undefined,
  isAborted: undefined,
};

function startWriter(options: { readonly maxKinds?: number; readonly logger?: Logger } = {}) {
  const written: KernelEvent[] = [];
  const append = async (event: KernelEvent): Promise<void> => void written.push(event);
  const refusals = createRefusalEvents({ events: { append }, logger: silentLogger, ...options });
  return { written, refusals, countOf: (event: KernelEvent) => (event.details as { count?: number }).count };
}

describe('refusals of the gateway', () => {
  it('are one event at once and one with the number of all that followed, however many came', async () => {
    const { written, refusals } = startWriter();
    for (let count = 0; count < 5000; count += 1) refusals.note(record, '203.0.113.7');
    expect(written).toHaveLength(1);
    await refusals.close();
    expect(written).toMatchObject([
      { type: 'access.refused', actor: 'alice', sid: 'session-1', address: '203.0.113.7', requestId: 'req-1' },
      { details: { code: 'SP_FORBIDDEN', reason: 'role-missing', route: 'admin', count: 4999 } },
    ]);
    for (const { details } of written) expect(kernelEvents['access.refused'].safeParse(details).success).toBe(true);
  });

  it('are told apart by account and network up to a bound, and counted together beyond it', async () => {
    const { written, refusals, countOf } = startWriter({ maxKinds: 10 });
    for (let index = 0; index < 1000; index += 1)
      refusals.note({ ...record, subject: undefined, sid: undefined }, `198.51.${index >> 8}.${index & 255}`);
    await refusals.close();
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toMatchObject({ details: { reason: 'beyond-the-bound', count: 990 } });
    expect(written.reduce((sum, event) => sum + (countOf(event) ?? 0), 0)).toBe(1000);
  });

  it('are no events where the client did nothing wrong', async () => {
    const { written, refusals } = startWriter();
    for (const code of [
      'SP_UNAUTHENTICATED',
      'SP_NOT_FOUND',
      'SP_STEP_UP_REQUIRED',
      'SP_SERVICE_UNAVAILABLE',
      undefined,
    ])
      refusals.note({ ...record, code }, '203.0.113.7');
    await refusals.close();
    expect(written).toEqual([]);
  });

  it('are lost with a word in the log when the store does not take them', async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void lines.push(message) };
    const events = { append: () => Promise.reject(new Error('no store')) };
    const refusals = createRefusalEvents({ events, logger });
    refusals.note(record, '203.0.113.7');
    await refusals.close();
    expect(lines).toEqual(['a refusal was not recorded']);
  });
});

describe('the event table', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  it('has refused accounts and requests of other sites, without access log or metrics', async () => {
    const cookie = await gateway.signIn();
    expect((await gateway.get('/manage', { cookie })).status).toBe(403);
    const from = { cookie, origin: 'https://evil.test', 'sec-fetch-site': 'cross-site', 'content-length': '0' };
    expect((await send(`${gateway.origin}/api/shop/a`, 'POST', from)).status).toBe(403);
    expect((await gateway.get('/api/shop/a')).status).toBe(401);
    const database = new DatabaseSync(join(gateway.dataDir, 'sallyport.db'), { readOnly: true });
    const codes = () =>
      database
        .prepare(`SELECT details FROM "sallyportEvent" WHERE type = 'access.refused'`)
        .all()
        .map(({ details }) => (JSON.parse(String(details)) as { code: string }).code);
    await vi.waitFor(() => expect(codes().sort()).toEqual(['SP_CROSS_SITE_REQUEST', 'SP_FORBIDDEN']), {
      timeout: 10_000,
    });
    database.close();
  });
});
