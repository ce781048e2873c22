import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askingCaddy, startAskingProxy } from './asking-proxy.ts';
import { rowsOfForwardAuth } from './forward-auth-rows.ts';
import { rowsOfHttp2 } from './http2-rows.ts';
import type { ProxyInFront } from './proxy-in-front.ts';
import { caddy } from './start-proxy.ts';

let started: ProxyInFront;

describe.skipIf(caddy === undefined)('Caddy that asks, as deploy/caddy says (skipped without Caddy)', () => {
  beforeAll(async () => {
    started = await startAskingProxy(askingCaddy);
  });
  afterAll(() => started.close());
  beforeEach(() => started.gateway.upstream.reset());

  rowsOfForwardAuth(() => started);
  rowsOfHttp2(() => started);

  it('no name that is kept for us reaches a service', async () => {
    const { status, headers } = await askOnce({ 'X-Sallyport-User': 'root', 'X-Sallyport-Cookie': 'made-up=1' });
    expect(status).toBe(200);
    expect(JSON.stringify(started.gateway.upstream.seen)).not.toMatch(/x-sallyport|made-up/i);
    expect(headers).not.toHaveProperty('authorization');
  });
});

function askOnce(headers: Readonly<Record<string, string>>): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const { port, ca } = started;
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      ca,
      servername: 'app.test',
      agent: false,
      path: '/public/x',
      headers: { host: `app.test:${port}`, ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
    });
    sent.end();
  });
}
