import { readClientCertificate, type Logger, type LogFields } from '@sallyport/core';
import { createTestAuthority, type TestAuthority, type TestCertificate } from '@sallyport/testing/certificates';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from '../gateway.ts';
import { problemsOfUpstreamTls } from '../routing/upstream-tls-problems.ts';
import { cookie, route, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeyRing } from '../test-support/test-key-ring.ts';
import { createTestBus, createTestSessions } from '../test-support/test-sessions.ts';
import { handshake, openRaw } from '../test-support/web-socket-client.ts';
import { settled } from './targets.test-support.ts';
import { startTlsService, type SeenOverTls, type TlsService } from './upstream-tls.test-support.ts';

const ordersId = 'spiffe://acme/orders';
const lines: LogFields[] = [];
const note = (_message: string, fields?: LogFields): void => void (fields !== undefined && lines.push(fields));
const logger: Logger = { info: note, warn: note, error: note };

let authority: TestAuthority;
let ca: string;
let first: TestCertificate;
let second: TestCertificate;
let service: TlsService;
const services: Record<string, TlsService> = {};
let gateway: TestGateway;
let session: string;

beforeAll(async () => {
  authority = await createTestAuthority();
  ({ ca } = authority);
  const stranger = await createTestAuthority();
  [first, second] = await Promise.all([
    authority.issue({ spiffeId: 'spiffe://acme/gateway' }),
    authority.issue({ spiffeId: 'spiffe://acme/gateway' }),
  ]);
  service = await startTlsService(await authority.issue({ spiffeId: ordersId }));
  const certificates: Record<string, TestCertificate> = {
    'of-a-stranger': await stranger.issue({ spiffeId: ordersId }),
    expired: await authority.issue({ expiresInSeconds: -1 }),
    'of-another-host': await authority.issue({ dnsNames: ['billing'], addresses: [] }),
    'for-clients': await authority.issue({ usages: ['client'] }),
    'other-id': await authority.issue({ spiffeId: 'spiffe://acme/billing' }),
    'two-ids': await authority.issue({ spiffeId: ordersId, uris: ['spiffe://acme/billing'] }),
    'no-id': await authority.issue(),
    'id-alone': await authority.issue({ spiffeId: ordersId, dnsNames: [], addresses: [] }),
  };
  for (const [name, own] of Object.entries(certificates)) services[name] = await startTlsService(own);
  // Of its own: it is asked now and then while others are counted.
  services['checked'] = await startTlsService(await authority.issue());
  services['choosy'] = await startTlsService(await authority.issue(), { onlyOf: stranger.ca });
  gateway = await startTestGateway({
    logger,
    upstreamTls: { ...first, ca },
    moreRoutes: [
      { name: 'bound', prefix: '/bound', upstream: service.origin, upstreamTls: { bindTokens: true } },
      // The same audience: what is bound and what is not must not be taken for each other.
      { name: 'unbound', prefix: '/unbound', audience: 'bound', upstream: service.origin, upstreamTls: {} },
      { name: 'plain', prefix: '/plain', upstream: gatewayless(service), access: 'public' },
      {
        name: 'checked',
        prefix: '/checked',
        access: 'public',
        upstream: services['checked'].origin,
        upstreamTls: {},
        health: { path: '/healthz', intervalSeconds: 1 },
      },
      ...Object.keys(certificates).map((name) => ({
        name,
        prefix: `/${name}`,
        access: 'public' as const,
        upstream: services[name]?.origin ?? '',
        upstreamTls: name.includes('id') ? { serverId: ordersId } : {},
      })),
      { name: 'choosy', prefix: '/choosy', access: 'public', upstream: services['choosy'].origin, upstreamTls: {} },
    ],
  });
  session = gateway.sessions.add();
});
afterAll(async () => {
  await gateway.close();
  for (const one of [service, ...Object.values(services)]) await one.close();
});
beforeEach(() => {
  gateway.gateway.replaceUpstreamTls({ ...first, ca });
  service.seen.length = 0;
  lines.length = 0;
});

const thumbprintOf = ({ cert }: TestCertificate): string => readClientCertificate(cert).thumbprint;

/** By its address, which its certificate holds for as well: another origin, so that it shares no connection. */
function gatewayless({ port }: TlsService): string {
  return `https://127.0.0.1:${port}`;
}

async function ask(path: string): Promise<SeenOverTls & { readonly status: number }> {
  const { status, body } = await gateway.send('GET', path, cookie(session));
  return {
    status,
    ...(status === 200 ? (JSON.parse(body) as SeenOverTls) : { path, presented: undefined, boundTo: '' }),
  };
}

describe('a route with upstreamTls', () => {
  it('presents the certificate of the gateway, and binds its tokens where it says so', async () => {
    const presented = thumbprintOf(first);
    expect(await ask('/bound/x')).toEqual({ status: 200, path: '/bound/x', presented, boundTo: presented });
    expect(await ask('/unbound/x')).toEqual({ status: 200, path: '/unbound/x', presented, boundTo: undefined });
    expect(await ask('/bound/y')).toMatchObject({ boundTo: presented });
  });

  it('presents it in WebSocket handshakes and health checks as well', async () => {
    const client = openRaw(handshake('/bound/live', cookie(session)), gateway.port);
    await expect.poll(client.received, settled).toContain('HTTP/1.1 101 ');
    const presented = thumbprintOf(first);
    expect(service.seen).toContainEqual({ path: '/bound/live', presented, boundTo: presented });
    client.socket.destroy();
    await expect
      .poll(() => services['checked']?.seen, settled)
      .toContainEqual({ path: '/healthz', presented, boundTo: undefined });
  });

  it('is the only one that presents it', async () => {
    // Without an authority for this upstream the gateway believes it as little as any other server of the internet.
    expect((await gateway.send('GET', '/plain/x')).status).toBe(502);
    expect(service.seen).toEqual([]);
  });

  it('knows a service by its SPIFFE id, whatever its host is called', async () => {
    const { status } = await gateway.send('GET', '/id-alone/x');
    expect(status).toBe(200);
  });
});

describe('the certificate of a service', () => {
  it.each([
    ['of-a-stranger', 'service-certificate-unknown-authority'],
    ['expired', 'service-certificate-expired'],
    ['of-another-host', 'service-certificate-of-another'],
    ['for-clients', 'service-certificate-not-for-servers'],
    ['other-id', 'service-certificate-of-another'],
    ['two-ids', 'service-certificate-of-another'],
    ['no-id', 'service-certificate-of-another'],
  ])('is refused with 502 where it is %s, and the log says %s', async (name, reason) => {
    const answer = await gateway.send('GET', `/${name}/x`);
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_UPSTREAM_UNAVAILABLE' });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'request-failed', route: name, reason }));
    expect(services[name]?.seen).toEqual([]);
  });

  it('does not matter where the service takes that of the gateway for a foreign one', async () => {
    expect((await gateway.send('GET', '/choosy/x')).status).toBe(502);
    expect(services['choosy']?.seen).toEqual([]);
  });
});

describe('another certificate of the gateway', () => {
  it('is presented from then on, under load, and no request is dropped or sent with a token of the other one', async () => {
    const answers: Promise<SeenOverTls & { readonly status: number }>[] = [];
    for (let wave = 0; wave < 12; wave++) {
      for (let n = 0; n < 20; n++) answers.push(ask(`/bound/${wave}-${n}`));
      await new Promise((resolve) => setTimeout(resolve, 5));
      gateway.gateway.replaceUpstreamTls({ ...(wave % 2 === 0 ? second : first), ca });
    }
    const seen = await Promise.all(answers);
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    expect(seen.filter(({ presented, boundTo }) => presented !== boundTo)).toEqual([]);
    expect(new Set(seen.map(({ presented }) => presented))).toEqual(
      new Set([thumbprintOf(first), thumbprintOf(second)]),
    );
    expect(await ask('/bound/after')).toMatchObject({ presented: thumbprintOf(first) });
  });

  it('leaves an answer alone that began before it, and a WebSocket', async () => {
    let finish = (): void => {};
    service.answer = (_, response) => {
      response.write('the first half');
      finish = () => response.end(', and the second');
    };
    const client = openRaw(handshake('/bound/live', cookie(session)), gateway.port);
    const slow = gateway.send('GET', '/bound/slow', cookie(session));
    await expect.poll(() => service.seen.length, settled).toBe(2);
    gateway.gateway.replaceUpstreamTls({ ...second, ca });
    useSeenAsAnswer();
    expect(await ask('/bound/new')).toMatchObject({ presented: thumbprintOf(second), boundTo: thumbprintOf(second) });
    finish();
    expect((await slow).body).toBe('the first half, and the second');
    client.socket.write(Buffer.from([0x82, 0x80, 1, 2, 3, 4]));
    await expect.poll(() => client.frames().length, settled).toBe(1);
    client.socket.destroy();
  });

  it('gets a new token for a request whose body was held meanwhile', async () => {
    const head = `POST /bound/held HTTP/1.1\r\nHost: app.test\r\nOrigin: https://app.test\r\nConnection: close\r\nCookie: __Host-sallyport=${session}\r\nContent-Length: 6\r\n\r\nabc`;
    const client = openRaw(head, gateway.port);
    await new Promise((resolve) => setTimeout(resolve, 100));
    gateway.gateway.replaceUpstreamTls({ ...second, ca });
    client.socket.write('def');
    await expect.poll(client.received, settled).toContain('HTTP/1.1 200 ');
    const [seen] = service.seen;
    expect(seen).toEqual({ path: '/bound/held', presented: thumbprintOf(second), boundTo: thumbprintOf(second) });
  });

  it('gets a new token for a second try', async () => {
    await ask('/bound/x');
    service.answer = (request) => {
      useSeenAsAnswer();
      gateway.gateway.replaceUpstreamTls({ ...second, ca });
      request.socket.destroy();
    };
    const presented = thumbprintOf(second);
    expect(await ask('/bound/again')).toEqual({ status: 200, path: '/bound/again', presented, boundTo: presented });
    expect(service.seen.map(({ path }) => path)).toEqual(['/bound/x', '/bound/again', '/bound/again']);
  });

  it.each([
    ['whose key is that of another one', () => ({ cert: second.cert, key: first.key, ca }), /does not belong/],
    ['that is none', () => ({ cert: 'nothing', key: first.key, ca }), /cannot be read as PEM/],
    ['with authorities that are none', () => ({ ...second, ca: 'nothing' }), /holds no certificate/],
    ['with a leaf as authority', () => ({ ...second, ca: first.cert }), /no authority/],
  ])('is refused, and the one before stays: one %s', async (_, tls, says) => {
    expect(() => gateway.gateway.replaceUpstreamTls(tls())).toThrow(says);
    expect(await ask('/bound/x')).toMatchObject({ presented: thumbprintOf(first) });
    expect(() =>
      createGateway({
        publicUrl: 'https://app.test',
        routes: [route({ name: 'x', prefix: '/x', upstream: service.origin, upstreamTls: {} })],
        upstreamTls: tls(),
        sessions: createTestSessions(),
        bus: createTestBus(),
        keyRing: createTestKeyRing(),
      }),
    ).toThrow(says);
  });
});

function useSeenAsAnswer(): void {
  service.answer = (request, response, seen) =>
    void request.resume().on('end', () => response.end(JSON.stringify(seen)));
}

describe('mutual TLS that would have no effect', () => {
  const https = { name: 'x', prefix: '/x', upstream: 'https://x:1' };
  const given = { hasCertificate: true, hasAuthorities: true, hasForwardAuth: false };
  const serverId = 'spiffe://acme/orders';
  it.each([
    [
      'without a certificate',
      route({ ...https, upstreamTls: {} }),
      { ...given, hasCertificate: false },
      /no certificate/,
    ],
    ['without TLS', route({ ...https, upstream: 'http://x:1', upstreamTls: {} }), given, /without TLS/],
    [
      'with one target without TLS',
      route({ ...https, upstream: ['https://x:1', 'http://x:2'], upstreamTls: {} }),
      given,
      /without TLS/,
    ],
    [
      'with a SPIFFE id that any authority may vouch for',
      route({ ...https, upstreamTls: { serverId } }),
      { ...given, hasAuthorities: false },
      /caFile/,
    ],
    [
      'with bound tokens where there are none',
      route({ ...https, access: 'public', upstreamTls: { bindTokens: true } }),
      given,
      /gets no tokens/,
    ],
    ['at a zone', route({ ...https, zone: true, upstreamTls: {} }), given, /is a zone/],
    ['at no route', route(https), given, /presented to no service/],
    [
      'with bound tokens that a proxy sends',
      route({ ...https, upstreamTls: { bindTokens: true } }),
      { ...given, hasForwardAuth: true },
      /over their own connections/,
    ],
  ])('is a problem of the options: %s', (_, one, context, says) => {
    expect(problemsOfUpstreamTls([one], context)).toEqual([expect.stringMatching(says)]);
  });

  it('is none where it is used', () => {
    const used = { serverId, bindTokens: true };
    expect(problemsOfUpstreamTls([route({ ...https, upstreamTls: used })], given)).toEqual([]);
  });

  it.each(['https://acme/x', 'spiffe://Acme/x', 'spiffe://acme/x?y', ' spiffe://acme/x'])(
    'is refused with %j as the id of a service',
    (serverId) => {
      expect(() => route({ ...https, upstreamTls: { serverId } })).toThrow(/must be a SPIFFE id/);
    },
  );
});
