import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { closeOf, writeFrame } from '@sallyport/gateway/test-support';
import { ada, type GatewayBehind } from './gateway-behind.ts';
import {
  askClearly,
  askSecurely,
  clientAddress,
  openWebSocket,
  type ClientAnswer,
  type ClientRequest,
  type SecurePlace,
} from './secure-client.ts';

/** A proxy between clients and services, and the gateway that decides. */
export interface Between extends SecurePlace {
  readonly behind: GatewayBehind;
}

/** A proxy that forwards to the gateway. */
export interface Front extends Between {
  readonly httpPort: number;
}

const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };
const settled = { timeout: 30_000, interval: 20 };

// Each row signs in, and a crowded machine takes its time for that.
vi.setConfig({ testTimeout: 120_000 });
const json = { 'content-type': 'application/json', origin: 'https://app.test' };

/** What must hold for people and services at every proxy, whether it forwards to the gateway or asks it. */
export function rowsOfVisitors(between: () => Between): void {
  const { ask, signIn, signOut } = visitorOf(between);
  const upstream = (): GatewayBehind['upstream'] => between().behind.upstream;

  it('a person signs in, is known to the service, and is unknown after sign-out', async () => {
    expect((await ask('/api/x')).status).toBe(401);
    const cookie = await signIn();
    expect((await ask('/api/x', { headers: { cookie } })).status).toBe(200);
    expect(String(upstream().seen.at(-1)?.headers['authorization'])).toMatch(/^Bearer eyJ/);
    expect(JSON.stringify(upstream().seen)).not.toContain(cookie.split('=')[1]);
    await signOut(cookie);
    expect((await ask('/api/x', { headers: { cookie } })).status).toBe(401);
  });

  it('a stranger who loads a page is led to the sign-in page, which is there', async () => {
    const sent = await ask('/api/x?a=1', { headers: page });
    expect(sent.status).toBe(303);
    const { pathname, search } = new URL(sent.headers['location'] ?? '', 'https://app.test');
    expect(pathname + search).toBe('/auth/sign-in?returnTo=%2Fapi%2Fx%3Fa%3D1');
    const shown = await ask(pathname + search, { headers: page });
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('<form');
  });

  it('the service hears the address of the client, https and the public host, whatever the client says', async () => {
    const { status } = await ask('/api/open/x', {
      headers: {
        'x-forwarded-for': '198.51.100.7',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'evil.test',
        'x-real-ip': '198.51.100.7',
        forwarded: 'for=198.51.100.7;proto=http;host=evil.test',
      },
    });
    expect(status).toBe(200);
    const { headers } = upstream().seen.at(-1) ?? {};
    expect(headers).toMatchObject({
      host: 'app.test',
      'x-forwarded-for': clientAddress,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.test',
    });
    expect(JSON.stringify(headers)).not.toMatch(/198\.51\.100\.7|evil/);
  });

  it('an upload of some megabytes arrives whole', async () => {
    const headers = { cookie: await signIn(), origin: 'https://app.test', 'content-type': 'text/plain' };
    const body = 'upload! '.repeat(500_000);
    expect((await ask('/api/upload', { method: 'POST', headers, body })).status).toBe(200);
    expect(hashOf(upstream().seen.at(-1)?.body ?? '')).toBe(hashOf(body));
  });

  it('a download arrives whole, and its beginning before its end is there', async () => {
    const [first, rest] = ['a'.repeat(65_536), 'download'.repeat(500_000)];
    const begun = Promise.withResolvers<void>();
    upstream().answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write(first);
      void begun.promise.then(() => response.end(rest));
    };
    const answer = await ask('/api/open/download', { onData: () => begun.resolve() });
    expect(hashOf(answer.body)).toBe(hashOf(first + rest));
  });
}

/** What must hold besides behind every proxy that forwards to the gateway. */
export function rowsOfFront(front: () => Front): void {
  const { ask, signIn, signOut } = visitorOf(front);
  const upstream = (): GatewayBehind['upstream'] => front().behind.upstream;

  it('the bytes of a path arrive as they were sent, and what can be read in two ways is refused', async () => {
    for (const target of ['/open/a%20b?x=%2F', '/open/%C3%A9%27()?a=1&a=2', '/open/x?q=a+b%20c']) {
      expect((await ask(target)).status).toBe(200);
      expect(upstream().seen.at(-1)?.target).toBe(target);
    }
    upstream().reset();
    for (const target of ['/open//x', '/open/%2e%2e/api', '/open/x%2fy', '/open/x%5cy', '/open/x;y', '/open/%00'])
      expect((await ask(target)).status).toBeGreaterThanOrEqual(400);
    expect(upstream().seen).toEqual([]);
  });

  it('events arrive as they come, and the stream ends with its session', async () => {
    const next = Promise.withResolvers<() => void>();
    upstream().answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      next.resolve(() => response.write('data: 2\n\n'));
    };
    const cookie = await signIn();
    let received = '';
    const stream = ask('/events/x', { headers: { cookie }, onData: (soFar) => (received = soFar) });
    await vi.waitFor(() => expect(received).toContain('data: 1\n\n'), settled);
    (await next.promise)();
    await vi.waitFor(() => expect(received).toContain('data: 2\n\n'), settled);
    await signOut(cookie);
    expect((await stream).body).toContain('event: session-ended');
  });

  it('a WebSocket carries messages both ways, and ends with its session', async () => {
    const cookie = await signIn();
    const client = openWebSocket(front(), '/ws/x', cookie);
    await vi.waitFor(() => expect(client.received()).toMatch(/^HTTP\/1\.1 101 /), settled);
    client.socket.write(writeFrame('hello', { isMasked: true }));
    await vi.waitFor(() => expect(client.frames().length).toBeGreaterThan(0), settled);
    await signOut(cookie);
    await vi.waitFor(() => expect(closeOf(client.frames().at(-1))?.code).toBe(4401), settled);
    client.socket.destroy();
    const refused = openWebSocket(front(), '/ws/x');
    await vi.waitFor(() => expect(refused.received()).toMatch(/^HTTP\/1\.1 401 /), settled);
    refused.socket.destroy();
  });

  it('plain http is sent to https under the name of the site', async () => {
    const answer = await askClearly(front().httpPort, '/open/x?a=1', { headers: page });
    expect(answer.status).toBe(308);
    expect(answer.headers['location']).toBe('https://app.test/open/x?a=1');
  });

  it.each(['evil.test', 'app.test.evil.test', 'evil.test:443', '127.0.0.1'])(
    'the name %s is served by no site and leads nowhere',
    async (host) => {
      const { httpPort } = front();
      const answers = await Promise.all([
        askClearly(httpPort, '/open/x', { headers: { ...page, host } }).catch(() => undefined),
        ask('/open/x', { headers: { ...page, host } }).catch(() => undefined),
      ]);
      for (const answer of answers) {
        expect(answer?.headers['location'] ?? '').toBe('');
        // Caddy serves hosts that it does not know with an empty page.
        if (answer?.status === 200) expect(answer.body).toBe('');
      }
      expect(upstream().seen).toEqual([]);
    },
  );
}

/** Signs in and out at a proxy. */
export interface Visitor {
  readonly ask: (target: string, request?: ClientRequest) => Promise<ClientAnswer>;
  readonly signIn: () => Promise<string>;
  readonly signOut: (cookie: string) => Promise<void>;
}

export function visitorOf(place: () => SecurePlace): Visitor {
  const ask = (target: string, request?: ClientRequest): Promise<ClientAnswer> => askSecurely(place(), target, request);
  return {
    ask,
    signIn: async () => {
      const body = JSON.stringify(ada);
      let answer: ClientAnswer;
      // A crowded machine has no time to hash a password, and the gateway says when to come again.
      do {
        answer = await ask('/auth/sign-in/email', { method: 'POST', headers: json, body });
        if (answer.status === 503) await wait(Number(answer.headers['retry-after'] ?? 1) * 1000);
      } while (answer.status === 503);
      expect(answer.status).toBe(200);
      const [line = ''] = answer.headers['set-cookie'] ?? [];
      expect(line).toMatch(/^__Host-sallyport=[^;]+;.*\bSecure\b/);
      return line.split(';', 1)[0] ?? '';
    },
    signOut: async (cookie) => {
      const answer = await ask('/auth/sign-out', { method: 'POST', headers: { ...json, cookie }, body: '{}' });
      expect(answer.status).toBeLessThan(300);
    },
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
