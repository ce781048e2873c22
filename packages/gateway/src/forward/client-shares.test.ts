import { connect, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { cookie } from '../test-support/test-gateway.ts';
import type { TestGateway } from '../test-support/test-gateway.ts';
import { startEchoUpstream, type EchoUpstream } from '../test-support/echo-upstream.ts';
import { closeAfterwards, closeTargets, gatewayTo, settled } from './targets.test-support.ts';

/** In flight at the upstream, and not at the gateway: what a limit is about. */
interface HoldingUpstream {
  readonly upstream: EchoUpstream;
  readonly held: readonly ServerResponse[];
}

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeTargets();
});

/** Answers nothing but what is asked for below "/many/quick". */
async function startHolding(): Promise<HoldingUpstream> {
  const upstream = await startEchoUpstream();
  const held: ServerResponse[] = [];
  upstream.answer = (request, response) => {
    if (request.url?.startsWith('/many/quick') === true) response.end('quick');
    else held.push(response);
  };
  closeAfterwards(() => upstream.close());
  return { upstream, held };
}

const from = (address: string): Readonly<Record<string, string>> => ({ 'X-Forwarded-For': address });

/** Asks for something that is never answered, and says how it was answered all the same. */
function occupy(gateway: TestGateway, address: string, more = ''): { readonly text: () => string } {
  const socket = connect(gateway.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(`GET /many/held HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: ${address}\r\n${more}\r\n`);
  return { text: () => text };
}

const proxied = { trustedProxies: ['127.0.0.1'] };

describe('the share of a client network', () => {
  it.each([
    { name: 'a quarter of what may be in flight', limits: { inFlight: 40 }, share: 10 },
    { name: 'never less than a browser asks for at once', limits: { inFlight: 12 }, share: 8 },
    { name: 'what the route says', limits: { inFlight: 40, inFlightPerNetwork: 3 }, share: 3 },
  ])('is $name, and others get through', async ({ limits, share }) => {
    const { upstream, held } = await startHolding();
    const gateway = await gatewayTo(upstream.origin, { limits }, proxied);
    const greedy = Array.from({ length: share + 5 }, () => occupy(gateway, '203.0.113.7'));
    await expect.poll(() => greedy.filter(({ text }) => text().startsWith('HTTP/1.1 429')).length, settled).toBe(5);
    expect(held).toHaveLength(share);
    expect((await gateway.send('GET', '/many/quick', from('203.0.113.8'))).status).toBe(200);
    const refused = await gateway.send('GET', '/many/quick', from('203.0.113.7'));
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(refused.body).toContain('SP_TOO_MANY_REQUESTS');
    held[0]?.end('at last');
    await expect
      .poll(async () => (await gateway.send('GET', '/many/quick', from('203.0.113.7'))).status, settled)
      .toBe(200);
  });

  it('is one for all addresses of a /64 of IPv6', async () => {
    const { upstream, held } = await startHolding();
    const gateway = await gatewayTo(upstream.origin, { limits: { inFlightPerNetwork: 3 } }, proxied);
    for (let host = 1; host <= 3; host++) occupy(gateway, `2001:db8::${host}`);
    await expect.poll(() => held.length, settled).toBe(3);
    expect((await gateway.send('GET', '/many/quick', from('2001:db8::ffff'))).status).toBe(429);
    expect((await gateway.send('GET', '/many/quick', from('2001:db8:0:1::1'))).status).toBe(200);
  });

  it('is free again when the clients leave without an answer', async () => {
    const { upstream, held } = await startHolding();
    const gateway = await gatewayTo(upstream.origin, { limits: { inFlightPerNetwork: 3 } }, proxied);
    for (let count = 0; count < 3; count++) occupy(gateway, '203.0.113.7');
    await expect.poll(() => held.length, settled).toBe(3);
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect
      .poll(async () => (await gateway.send('GET', '/many/quick', from('203.0.113.7'))).status, settled)
      .toBe(200);
  });

  it('counts streams that stay open', async () => {
    const { upstream } = await startHolding();
    const gateway = await gatewayTo(upstream.origin, { limits: { inFlightPerNetwork: 2 }, streaming: true }, proxied);
    upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(':\n\n');
    };
    const streams = [occupy(gateway, '203.0.113.7'), occupy(gateway, '203.0.113.7')];
    await expect.poll(() => streams.every(({ text }) => text().startsWith('HTTP/1.1 200')), settled).toBe(true);
    expect((await gateway.send('GET', '/many/x', from('203.0.113.7'))).status).toBe(429);
  });

  it('is one of each target: a full share at the first leaves that at the second', async () => {
    const first = await startHolding();
    const second = await startHolding();
    const gateway = await gatewayTo(
      [first.upstream.origin, second.upstream.origin],
      { limits: { inFlightPerNetwork: 2 } },
      proxied,
    );
    const all = Array.from({ length: 6 }, () => occupy(gateway, '203.0.113.7'));
    await expect.poll(() => all.filter(({ text }) => text().startsWith('HTTP/1.1 429')).length, settled).toBe(2);
    expect([first.held.length, second.held.length]).toEqual([2, 2]);
  });

  it('of a thousand connections with pipelined requests leaves the service to others', async () => {
    const { upstream, held } = await startHolding();
    const gateway = await gatewayTo(upstream.origin, { limits: { inFlight: 100 } }, proxied);
    const pipelined = 'GET /many/held HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n'.repeat(20);
    for (let count = 0; count < 60; count++) occupy(gateway, '203.0.113.7', `\r\n${pipelined}`);
    await expect.poll(() => held.length, settled).toBe(25);
    for (let count = 0; count < 5; count++)
      expect((await gateway.send('GET', '/many/quick', from('198.51.100.1'))).status).toBe(200);
    expect(held).toHaveLength(25);
  });
});

describe('at the internal listener', () => {
  it('the share is that of a session, and a zone that calls for many is not held up by one of them', async () => {
    const { upstream, held } = await startHolding();
    const gateway = await gatewayTo(upstream.origin, {
      access: 'signed-in',
      callers: ['api'],
      limits: { inFlightPerNetwork: 2 },
    });
    const tokenOf = async (session: string): Promise<string> => {
      const { body } = await gateway.send('GET', '/api/x', cookie(session));
      return (JSON.parse(body) as { headers: { authorization: string } }).headers.authorization;
    };
    const [one, two] = [await tokenOf(gateway.sessions.add({})), await tokenOf(gateway.sessions.add({}))];
    const ask = (path: string, authorization: string): Promise<number> =>
      fetch(`http://127.0.0.1:${gateway.internalPort}${path}`, { headers: { authorization } }).then(
        ({ status }) => status,
        () => 0,
      );
    const waiting = [ask('/many/held', one), ask('/many/held', one)];
    await expect.poll(() => held.length, settled).toBe(2);
    expect(await ask('/many/quick', one)).toBe(429);
    expect(await ask('/many/quick', two)).toBe(200);
    for (const response of held) response.end();
    expect(await Promise.all(waiting)).toEqual([200, 200]);
  });
});
