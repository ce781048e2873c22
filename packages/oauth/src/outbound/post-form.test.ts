import { afterEach, describe, expect, it } from 'vitest';
import { startReceiver, type LogoutReceiver } from '../backchannel-logout/receiver.test-support.ts';
import { createPostForm } from './post-form.ts';
import type { ResolveName } from './public-lookup.ts';

let receivers: LogoutReceiver[] = [];
afterEach(async () => {
  for (const receiver of receivers) await receiver.close();
  receivers = [];
});

const start = async (...args: Parameters<typeof startReceiver>): Promise<LogoutReceiver> => {
  const receiver = await startReceiver(...args);
  receivers.push(receiver);
  return receiver;
};

describe('a form for a host of a client', () => {
  it('is posted to a private host that is listed, and nothing else is said of us', async () => {
    const { origin, host, calls } = await start();
    const post = createPostForm({ privateHosts: [host] });
    expect(await post(`${origin}/logout?tenant=1`, { logout_token: 'a.b&c' })).toEqual({
      kind: 'answered',
      status: 200,
    });
    expect(calls).toMatchObject([{ method: 'POST', path: '/logout?tenant=1', body: 'logout_token=a.b%26c' }]);
    expect(Object.keys(calls[0]?.headers ?? {}).toSorted()).toEqual([
      'cache-control',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
  });

  it.each([
    ['by its name', (port: string) => `http://localhost:${port}/`],
    ['by its address', (port: string) => `http://127.0.0.1:${port}/`],
    ['by a name below localhost', (port: string) => `http://app.localhost:${port}/`],
    ['by its address as a number', (port: string) => `http://2130706433:${port}/`],
    ['by IPv4 in IPv6', (port: string) => `http://[::ffff:127.0.0.1]:${port}/`],
  ])('is not posted to a private host that is not listed, %s', async (_name, addressOf) => {
    const { host, calls } = await start();
    const post = createPostForm({ privateHosts: ['localhost:1'] });
    expect(await post(addressOf(host.split(':')[1] ?? ''), {})).toEqual({ kind: 'failed', reason: 'private-host' });
    expect(calls).toEqual([]);
  });

  it.each([
    ['to a private address', ['127.0.0.1']],
    ['to loopback by IPv6', ['::1']],
    ['to the metadata of a cloud', ['169.254.169.254']],
    ['to the internet, and to a private address as well', ['8.8.8.8', '127.0.0.1']],
    ['nowhere', []],
  ])('is not posted where the name leads %s', async (_name, addresses) => {
    const { host, calls } = await start();
    const resolve: ResolveName = (_hostname, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    const post = createPostForm({ privateHosts: [], resolve });
    const address = `http://rp.example.com:${host.split(':')[1] ?? ''}/`;
    expect(await post(address, {})).toEqual({ kind: 'failed', reason: 'private-host' });
    expect(calls).toEqual([]);
  });

  it('fails where the name leads nowhere that is known', async () => {
    const resolve: ResolveName = (_hostname, _options, callback) => callback(new Error('ENOTFOUND'), []);
    const post = createPostForm({ privateHosts: [], resolve });
    expect(await post('https://rp.example.com/', {})).toEqual({ kind: 'failed', reason: 'connection' });
  });

  it('goes to no other place that the host sends it to', async () => {
    const target = await start();
    const { origin, host } = await start((response) =>
      response.writeHead(307, { location: `${target.origin}/` }).end(),
    );
    const post = createPostForm({ privateHosts: [host, target.host] });
    expect(await post(origin, {})).toEqual({ kind: 'answered', status: 307 });
    expect(target.calls).toEqual([]);
  });

  it('does not wait for an answer for ever', async () => {
    const { origin, host } = await start(() => {});
    const post = createPostForm({ privateHosts: [host], timeoutMilliseconds: 50 });
    expect(await post(origin, {})).toEqual({ kind: 'failed', reason: 'timeout' });
  });

  it('does not wait for the end of an answer for ever', async () => {
    const { origin, host } = await start((response) => void response.writeHead(200).write('x'));
    const post = createPostForm({ privateHosts: [host], timeoutMilliseconds: 100 });
    expect(await post(origin, {})).toEqual({ kind: 'failed', reason: 'timeout' });
  });

  it('does not wait for a host that takes the connection over', async () => {
    const { origin, host } = await start(({ socket }) => {
      socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const post = createPostForm({ privateHosts: [host], timeoutMilliseconds: 500 });
    expect(await post(origin, {})).toEqual({ kind: 'answered', status: 101 });
  });

  it('reads no answer without an end', async () => {
    let written = 0;
    const { origin, host } = await start((response) => {
      const more = (): void => {
        if (response.destroyed) return;
        written += 65_536;
        response.write('x'.repeat(65_536), more);
      };
      more();
    });
    const post = createPostForm({ privateHosts: [host], timeoutMilliseconds: 5_000 });
    expect(await post(origin, {})).toEqual({ kind: 'answered', status: 200 });
    expect(written).toBeLessThan(20_000_000);
  });

  it('fails where nothing listens', async () => {
    const down = await startReceiver();
    const { origin, host } = down;
    await down.close();
    expect(await createPostForm({ privateHosts: [host] })(origin, {})).toEqual({
      kind: 'failed',
      reason: 'connection',
    });
  });

  it('fails where the certificate is not one that is trusted', async () => {
    const { host } = await start();
    const post = createPostForm({ privateHosts: [host] });
    expect(await post(`https://${host}/`, {})).toEqual({ kind: 'failed', reason: 'connection' });
  });
});
