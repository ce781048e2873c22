import { afterEach, describe, expect, it } from 'vitest';
import { closeTargets, gatewayTo, startRawUpstream } from './targets.test-support.ts';

afterEach(closeTargets);

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const interim = {
  'a 100': 'HTTP/1.1 100 Continue\r\n\r\n',
  'a 100 without its words': 'HTTP/1.1 100\r\n\r\n',
  'a 100 of HTTP/1.0': 'HTTP/1.0 100 Continue\r\n\r\n',
  'a 100 with headers': 'HTTP/1.1 100 Continue\r\nX-A: b\r\nContent-Length: 2\r\n\r\n',
  'a 102': 'HTTP/1.1 102 Processing\r\n\r\n',
  'a 103': 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n',
  'a 199': 'HTTP/1.1 199 Odd\r\n\r\n',
  'many of them': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n'.repeat(20),
};

describe('an interim answer that was not asked for', () => {
  it.each(Object.entries(interim))('is skipped, and its connection is used again: %s', async (_name, text) => {
    let connections = 0;
    const origin = await startRawUpstream((socket) => {
      if (socket.bytesWritten === 0) connections++;
      socket.write(text + answer);
    });
    const gateway = await gatewayTo(origin, {}, { upstreams: { failures: 1, pauseSeconds: 300 } });
    for (let count = 0; count < 12; count++) {
      const received = await gateway.send('POST', '/many/x', {}, 'x');
      expect(received).toMatchObject({ status: 200, body: 'ok' });
      expect(received.head).not.toMatch(/^(?:x-a|link):|continue|early/im);
    }
    expect(connections).toBe(1);
  });

  it.each(Object.entries(interim))('is skipped when it comes byte by byte: %s', async (_name, text) => {
    const origin = await startRawUpstream((socket) => {
      socket.setNoDelay();
      const bytes = [...(text.slice(0, 120) === text ? text : text.slice(0, text.indexOf('\r\n\r\n') + 4)), answer];
      const writeNext = (): void => {
        const next = bytes.shift();
        if (next !== undefined) socket.write(next, () => setImmediate(writeNext));
      };
      writeNext();
    });
    const gateway = await gatewayTo(origin);
    expect(await gateway.send('GET', '/many/x')).toMatchObject({ status: 200, body: 'ok' });
  });

  it('is a part of the body where it stands in one', async () => {
    const body = 'HTTP/1.1 100 Continue\r\n\r\n';
    const origin = await startRawUpstream((socket) => {
      socket.setNoDelay();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * body.length}\r\n\r\n`, () =>
        setImmediate(() => socket.write(body, () => setImmediate(() => socket.write(body)))),
      );
    });
    const gateway = await gatewayTo(origin);
    for (let count = 0; count < 3; count++) expect((await gateway.send('GET', '/many/x')).body).toBe(body + body);
  });

  it('without an answer behind it is no answer', async () => {
    const origin = await startRawUpstream((socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'));
    const gateway = await gatewayTo(origin, { timeouts: { headersMilliseconds: 100 } });
    expect((await gateway.send('GET', '/many/x')).status).toBe(504);
  });

  it('without an end is 502', async () => {
    const origin = await startRawUpstream((socket) =>
      socket.end(`HTTP/1.1 100 Continue\r\nX-A: ${'a'.repeat(99_999)}`),
    );
    const gateway = await gatewayTo(origin);
    expect((await gateway.send('POST', '/many/x', {}, 'x')).status).toBe(502);
  });
});
