import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestBus } from '../test-support/test-sessions.ts';
import { createRevocationFeed, type FeedSink } from './revocation-feed.ts';

const patience = { timeout: 10_000 };

/** What a service reads from a stream. */
interface Stream {
  readonly response: IncomingMessage;
  text(): string;
  ids(): readonly string[];
  isOver(): boolean;
  close(): void;
}

let gateway: TestGateway;
const streams: Stream[] = [];
beforeEach(async () => {
  holdIntervals();
  gateway = await startTestGateway({ revocationSubscribers: 3 });
});
afterEach(async () => {
  releaseIntervals();
  for (const stream of streams.splice(0)) stream.close();
  await gateway.close();
});

function open(headers: Readonly<Record<string, string>> = {}, path = '/internal/revocations', port?: number) {
  return new Promise<Stream>((resolve, reject) => {
    const request = get({ port: port ?? gateway.internalPort, path, headers, agent: false }, (response) => {
      let text = '';
      let isOver = false;
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', () => {});
      response.on('close', () => (isOver = true));
      const stream: Stream = {
        response,
        text: () => text,
        ids: () => [...text.matchAll(/^id: (\S+)$/gm)].map(([, id = '']) => id),
        isOver: () => isOver,
        close: () => request.destroy(),
      };
      streams.push(stream);
      resolve(stream);
    });
    request.on('error', reject);
  });
}

const end = (id: string): Promise<void> => gateway.bus.revoke('session', id);

describe('the stream of revocations', () => {
  it('says what lost authority, and neither why nor which user', async () => {
    const stream = await open();
    expect(stream.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    await end('session-1');
    await expect.poll(() => stream.text(), patience).toContain('session-1');
    const [, data = '{}'] = /^event: revocation\ndata: (.*)$/m.exec(stream.text()) ?? [];
    const event = JSON.parse(data) as Record<string, unknown>;
    expect(Object.keys(event).sort()).toEqual(['at', 'id', 'kind', 'minGeneration', 'seq']);
    expect(event).toMatchObject({ kind: 'session', id: 'session-1' });
  });

  it('says to newcomers what tokens of today could depend on, and since when nothing is missing', async () => {
    await end('session-1');
    const stream = await open();
    await expect
      .poll(() => stream.text(), patience)
      .toMatch(/session-1[^]*event: covered\ndata: \{"since":"[^"]+"\}\n\n/);
  });

  it('tells a subscriber that comes back what it missed, and not what it heard', async () => {
    const first = await open();
    await end('session-1');
    await expect.poll(() => first.ids(), patience).toHaveLength(1);
    first.close();
    await end('session-2');
    const again = await open({ 'last-event-id': first.ids()[0] ?? '' });
    await expect.poll(() => again.text(), patience).toContain('covered');
    expect(again.text()).toContain('session-2');
    expect(again.text()).not.toContain('session-1');
  });

  it.each(['1', 'x.1', `${'0'.repeat(36)}.1`, '99999999999999999999', ''])(
    'tells a subscriber that comes back with the id %j, of another gateway or unknown, everything',
    async (id) => {
      await end('session-1');
      const stream = await open({ 'last-event-id': id });
      await expect.poll(() => stream.text(), patience).toContain('session-1');
    },
  );

  it('says that something may be missing when the bus says so, and while the bus hears nothing', async () => {
    const stream = await open();
    gateway.bus.gap();
    await expect.poll(() => stream.text(), patience).toMatch(/event: gap\ndata: \{\}\n\nevent: covered/);
    const before = stream.text().length;
    gateway.bus.connected = false;
    passSeconds(2);
    await expect.poll(() => stream.text().slice(before), patience).toContain('event: gap');
  });

  it('is not on the public listener, and takes only GET of its very path', async () => {
    const outside = await open({ host: 'app.test' }, '/internal/revocations', gateway.port);
    expect(outside.response.headers['content-type']).not.toBe('text/event-stream');
    const other = await open({}, '/internal/revocations?x=1');
    expect(other.response.statusCode).toBe(404);
    const answer = await fetch(`http://127.0.0.1:${gateway.internalPort}/internal/revocations`, { method: 'POST' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET');
  });

  it('has room for so many services, and for another one when one has left', async () => {
    const [first] = [await open(), await open(), await open()];
    const refused = await open();
    expect(refused.response.statusCode).toBe(503);
    expect(refused.response.headers['content-type']).toContain('problem+json');
    expect(refused.response.headers['retry-after']).toBeDefined();
    first?.close();
    await expect.poll(async () => (await open()).response.statusCode, patience).toBe(200);
  });

  it('ends when the gateway closes, and holds up nothing', async () => {
    const stream = await open();
    await gateway.gateway.close({ graceMilliseconds: 60_000 });
    await expect.poll(() => stream.isOver(), patience).toBe(true);
  });
});

describe('a feed', () => {
  const createFeed = (change: Partial<Parameters<typeof createRevocationFeed>[0]> = {}) => {
    const bus = createTestBus();
    let now = 1_800_000_000_000;
    const feed = createRevocationFeed({ bus, clock: () => now, maximumSubscribers: 10, ...change });
    const read = (lastEventId?: string): string => {
      let text = '';
      const sink: FeedSink = { writableLength: 0, write: (part) => (text += part), end: () => {}, destroy: () => {} };
      feed.subscribe(sink, lastEventId)?.();
      return text;
    };
    return { bus, feed, read, pass: (milliseconds: number) => void (now += milliseconds), at: () => new Date(now) };
  };

  it('forgets what no token can depend on, and goes on covering what it covered', () => {
    const { bus, feed, read, pass, at } = createFeed();
    const since = at().toISOString();
    void bus.revoke('session', 'session-1');
    pass(361_000);
    void bus.revoke('session', 'session-2');
    expect(read()).not.toContain('session-1');
    expect(read()).toContain('session-2');
    expect(read()).toContain(since);
    feed.close();
  });

  it('is bounded, and says since when nothing is missing', () => {
    const { bus, feed, read, pass, at } = createFeed({ maximumEvents: 100 });
    void bus.revoke('session', 'the-first');
    pass(1000);
    for (let index = 0; index < 100; index += 1) void bus.revoke('session', `s-${index}`);
    expect(read().match(/event: revocation/g)?.length).toBeLessThanOrEqual(100);
    expect(read()).not.toContain('the-first');
    expect(read()).toContain(at().toISOString());
    feed.close();
  });

  it('cuts off a service that does not take what it is told', () => {
    const { bus, feed } = createFeed({ maximumBacklog: 10 });
    let isCut = false;
    let writableLength = 0;
    const sink: FeedSink = {
      get writableLength() {
        return writableLength;
      },
      write: (text) => (writableLength += text.length),
      end: () => {},
      destroy: () => (isCut = true),
    };
    feed.subscribe(sink, undefined);
    const before = writableLength;
    void bus.revoke('session', 'session-1');
    expect(isCut).toBe(true);
    void bus.revoke('session', 'session-2');
    expect(writableLength).toBe(before);
    feed.close();
  });
});
