import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closeTargets, gatewayTo, settled, startRawUpstream } from './targets.test-support.ts';

afterEach(closeTargets);

describe('an answer that is not whole', () => {
  it.each([
    ['shorter than it said', 'Content-Length: 100\r\n\r\nhalf', (socket: Socket) => socket.end()],
    ['without its last chunk', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', (socket: Socket) => socket.end()],
    ['in the middle of a chunk', 'Transfer-Encoding: chunked\r\n\r\n64\r\nhalf', (socket: Socket) => socket.end()],
    [
      'with a chunk that is none',
      'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      (socket: Socket) => socket.write('xyz\r\n'),
    ],
    ['reset', 'Content-Length: 100\r\n\r\nhalf', (socket: Socket) => socket.resetAndDestroy()],
  ])('is cut, and nothing is put in its place: %s', async (_name, rest, breakOff) => {
    const upstream = Promise.withResolvers<Socket>();
    const origin = await startRawUpstream((socket) => {
      upstream.resolve(socket);
      socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
    });
    const gateway = await gatewayTo(origin);
    const client = connect(gateway.port, '127.0.0.1');
    const closed = once(client, 'close');
    client.write('GET /many/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    let received = '';
    client.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    client.on('error', () => {});
    // Half of it has arrived at its end before the rest goes wrong.
    await expect.poll(() => received, settled).toContain('half');
    breakOff(await upstream.promise);
    await closed;
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(received.slice(received.indexOf('\r\n\r\n')).length).toBeLessThan(100);
  });

  it('that a client may take for whole is one that ends with its connection', async () => {
    const origin = await startRawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
    const gateway = await gatewayTo(origin);
    expect((await gateway.send('GET', '/many/x')).body).toBe('all of it');
  });
});

describe('an answer that can be read in two ways', () => {
  it.each([
    ['with two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
    ['with a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['with a length that is none', 'Content-Length: 2, 3\r\n\r\nabc'],
    ['with a folded header', 'X-A: 1\r\n Set-Cookie: __Host-sallyport=evil\r\nContent-Length: 2\r\n\r\nok'],
    ['with a line end in a header', 'X-A: 1\rSet-Cookie: __Host-sallyport=evil\r\nContent-Length: 2\r\n\r\nok'],
  ])('never reaches a client as two answers: %s', async (_name, rest) => {
    const origin = await startRawUpstream((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    const gateway = await gatewayTo(origin);
    const answer = await gateway.send('GET', '/many/x');
    expect(answer.status).toBe(502);
    expect(answer.head).not.toMatch(/\r\nset-cookie/i);
    expect(answer.head.match(/content-length|transfer-encoding/gi)).toHaveLength(1);
  });
});

it('what an upstream says before and after its answer stays inside', async () => {
  const origin = await startRawUpstream((socket) =>
    socket.end(
      'HTTP/1.1 103 Early Hints\r\nLink: </internal.css>; rel=preload\r\nSet-Cookie: __Host-sallyport=evil\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nTrailer: Set-Cookie, X-Late\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '2\r\nok\r\n0\r\nSet-Cookie: __Host-sallyport=evil\r\nX-Late: yes\r\n\r\n',
    ),
  );
  const gateway = await gatewayTo(origin);
  const answer = await gateway.send('GET', '/many/x');
  expect(answer).toMatchObject({ status: 200, body: 'ok' });
  expect(answer.head + answer.body).not.toMatch(/103|internal|evil|late|trailer/i);
});

it('Q10: a connection that the upstream has closed meanwhile costs no request its answer', async () => {
  let served = 0;
  const origin = await startRawUpstream((socket) => {
    served++;
    // Says that it stays, and goes: the next request may already be on its way.
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', () => setImmediate(() => socket.end()));
  });
  const gateway = await gatewayTo(origin);
  for (let count = 0; count < 20; count++) expect((await gateway.send('GET', '/many/x')).status).toBe(200);
  expect(served).toBeGreaterThanOrEqual(20);
});
