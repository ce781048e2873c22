import { once } from 'node:events';
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cookie, type TestGateway } from '@sallyport/gateway/test-support';
import type { ProxyInFront } from './proxy-in-front.ts';

/** What came back over one stream. */
interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request that is under way. */
interface Http2Request {
  readonly stream: ClientHttp2Stream;
  /** What has come of the body. */
  body(): string;
  /** Rejects when the stream is reset. */
  readonly answer: Promise<Http2Answer>;
}

const patience = 10_000;
const settled = { timeout: patience, interval: 10 };

/** Opens a connection that speaks HTTP/2 and nothing else. */
export async function openHttp2({ port, ca }: Pick<ProxyInFront, 'port' | 'ca'>): Promise<ClientHttp2Session> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'app.test', ca, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const connection = connect(`https://app.test:${port}`, { createConnection: () => socket });
  connection.on('error', () => {});
  return connection;
}

/** Sends a request; trailers follow the body where there are any. */
export function askOverHttp2(
  connection: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { body, trailers }: { readonly body?: string; readonly trailers?: OutgoingHttpHeaders } = {},
): Http2Request {
  const stream = connection.request(headers, {
    endStream: body === undefined,
    waitForTrailers: trailers !== undefined,
  });
  let received = '';
  stream.setEncoding('utf8').on('data', (text: string) => (received += text));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
  const answer = new Promise<Http2Answer>((resolve, reject) => {
    let head: IncomingHttpHeaders & { ':status'?: number | undefined } = {};
    stream.on('response', (headersOfAnswer) => (head = headersOfAnswer));
    stream.on('error', reject);
    stream.on('end', () => resolve({ status: head[':status'] ?? 0, headers: head, body: received }));
  });
  // The caller that waits for the answer gets the error; for others a stream that is reset is no failure.
  answer.catch(() => {});
  if (body !== undefined) stream.end(body);
  return { stream, body: () => received, answer };
}

/** What must hold where clients speak HTTP/2 to a proxy, and the proxy HTTP/1.1 to everything behind it. */
export function rowsOfHttp2(proxy: () => Omit<ProxyInFront, 'close'>): void {
  describe('clients that speak HTTP/2', () => {
    const connections: ClientHttp2Session[] = [];
    afterEach(() => {
      for (const connection of connections.splice(0)) connection.destroy();
    });
    const open = async (): Promise<ClientHttp2Session> => {
      const connection = await openHttp2(proxy());
      connections.push(connection);
      return connection;
    };
    const ask = async (...request: Parameters<typeof askOverHttp2> extends [unknown, ...infer Rest] ? Rest : never) =>
      askOverHttp2(await open(), ...request).answer;
    const seen = (): TestGateway['upstream']['seen'] => proxy().gateway.upstream.seen;
    const host = (): string => `app.test:${proxy().port}`;
    const subjectOf = (authorization: unknown): unknown => {
      const [, claims = ''] = String(authorization).split('.');
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: unknown }).sub;
    };

    it('are served by what :authority and :path say', async () => {
      const answer = await ask({ ':path': '/public/a%20b?x=%2F', ':authority': host() });
      expect(answer.status).toBe(200);
      expect(seen()).toHaveLength(1);
      expect(seen()[0]).toMatchObject({ method: 'GET', target: '/public/a%20b?x=%2F' });
      expect(seen()[0]?.headers).toMatchObject({
        host: host(),
        'x-forwarded-host': host(),
        'x-forwarded-proto': 'https',
      });
    });

    it.each([
      { name: 'another :authority', headers: { ':authority': 'evil.test' } },
      { name: 'another Host beside :authority', headers: { host: 'evil.test' } },
      { name: 'a name before an @', headers: { ':authority': 'app.test@evil.test' } },
    ])('are not served under $name', async ({ headers }) => {
      const token = proxy().gateway.sessions.add();
      const all = { ':path': '/api/x', cookie: cookie(token).Cookie, ':authority': host(), ...headers };
      await ask(all).catch(() => undefined);
      // A proxy may refuse, or may go by :authority alone (RFC 9113, section 8.3.1). The other name reaches no route.
      expect(JSON.stringify(seen())).not.toContain('evil.test');
    });

    it('may send cookies as crumbs, which arrive as one', async () => {
      const token = proxy().gateway.sessions.add();
      const answer = await ask({ ':path': '/api/x', cookie: ['a=1', cookie(token).Cookie, 'b=2'] });
      expect(answer.status).toBe(200);
      expect(subjectOf(seen()[0]?.headers['authorization'])).toBe('alice');
      expect(seen()[0]?.headers['cookie']).toBe('a=1; b=2');
      expect(JSON.stringify(seen())).not.toContain(token);
    });

    it('gain nothing by crumbs of two sessions', async () => {
      const tokens = [proxy().gateway.sessions.add(), proxy().gateway.sessions.add({ id: 'bob' })];
      const answer = await ask({ ':path': '/api/x', cookie: tokens.map((token) => cookie(token).Cookie) });
      expect(answer.status).toBe(401);
      expect(seen()).toEqual([]);
    });

    it('are told apart although they share a connection', async () => {
      const connection = await open();
      const people = ['alice', 'bob', 'carol', 'dave'];
      const answers = people.flatMap((id) => {
        const { Cookie } = cookie(proxy().gateway.sessions.add({ id }));
        return [1, 2, 3].map(() => askOverHttp2(connection, { ':path': `/api/${id}`, cookie: Cookie }).answer);
      });
      const stranger = askOverHttp2(connection, { ':path': '/api/unknown' }).answer;
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(12).fill(200));
      expect((await stranger).status).toBe(401);
      for (const { target, headers } of seen())
        expect(`/api/${String(subjectOf(headers['authorization']))}`).toBe(target);
      expect(seen()).toHaveLength(12);
    });

    it('cannot say in trailers what only headers may', async () => {
      const token = proxy().gateway.sessions.add();
      const trailers = {
        'x-forwarded-for': '198.51.100.7',
        authorization: 'Bearer made-up',
        cookie: 'a=b',
        'x-late': '1',
      };
      const sent = {
        ':method': 'POST',
        ':path': '/api/x',
        cookie: cookie(token).Cookie,
        'sec-fetch-site': 'same-origin',
      };
      const answer = await ask(sent, { body: 'body', trailers }).catch(() => undefined);
      // A proxy may take offence at trailers. Where it does not, they go no further.
      if (answer?.status === 200) expect(seen()[0]?.body).toBe('body');
      expect(JSON.stringify(seen())).not.toMatch(/198\.51\.100\.7|made-up|x-late/i);
    });

    it.each(['/public/%2e%2e/admin/x', '/public/../admin/x', '//admin/x', '/public/x%2f..%2fadmin', '/admin%00'])(
      'reach nothing with :path %s',
      async (target) => {
        const answer = await ask({ ':path': target }).catch(() => undefined);
        expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400);
        expect(seen()).toEqual([]);
      },
    );

    it('get events as they come, and take their upstream with them when they leave', async () => {
      const { gateway } = proxy();
      const gone = Promise.withResolvers<void>();
      const more = Promise.withResolvers<() => void>();
      gateway.upstream.answer = (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
        more.resolve(() => response.write('data: 2\n\n'));
        response.once('close', gone.resolve);
      };
      const { Cookie } = cookie(gateway.sessions.add());
      const connection = await open();
      const request = askOverHttp2(connection, { ':path': '/events/x', cookie: Cookie });
      await vi.waitFor(() => expect(request.body()).toBe('data: 1\n\n'), settled);
      (await more.promise)();
      await vi.waitFor(() => expect(request.body()).toBe('data: 1\n\ndata: 2\n\n'), settled);
      // The connection stays: only this stream ends.
      request.stream.close();
      await gone.promise;
      gateway.upstream.reset();
      expect((await askOverHttp2(connection, { ':path': '/public/x' }).answer).status).toBe(200);
    });
  });
}
