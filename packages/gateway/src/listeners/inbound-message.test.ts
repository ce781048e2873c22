import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { InboundMessage } from './inbound-message.ts';

/** What a server finds in `headers`, with and without our class of messages. */
async function seenBy(
  raw: string,
  look: (message: IncomingMessage) => unknown,
  MessageClass?: typeof IncomingMessage,
): Promise<unknown> {
  let seen: unknown;
  // As the gateway has it; else Node itself asks for more than the list can answer.
  const options = { requireHostHeader: false, optimizeEmptyRequests: true };
  const server = createServer(
    MessageClass === undefined ? options : { ...options, IncomingMessage: MessageClass },
    (message, response) => {
      seen = look(message);
      response.end();
    },
  );
  for (const event of ['checkContinue', 'checkExpectation']) {
    server.on(event, (message: IncomingMessage, response: { end(): void }) => {
      seen = [event, look(message)];
      response.end();
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(raw);
  await once(client.resume(), 'end');
  server.close();
  return seen;
}

const request = (version: string, ...lines: readonly string[]): string =>
  [`GET / HTTP/${version}`, 'Host: app.test', 'Connection: close', ...lines, '', ''].join('\r\n');

const plain = request('1.1', 'X-One: 1', 'x-one: 2', 'Cookie: a=1', 'Cookie: b=2', 'Set-Cookie: x');
const copy = ({ headers }: IncomingMessage): IncomingHttpHeaders => ({ ...headers });

describe('the headers of a message', () => {
  it.each<[string, string, (message: IncomingMessage) => unknown]>([
    ['copied', plain, copy],
    ['as text', plain, ({ headers }) => JSON.stringify(headers)],
    ['one by one', plain, ({ headers }) => [headers['x-one'], headers.cookie, headers['set-cookie'], headers['nope']]],
    ['by their names', plain, ({ headers }) => [Object.keys(headers), 'x-one' in headers, 'nope' in headers]],
    [
      'walked through',
      plain,
      ({ headers }) => {
        const names: string[] = [];
        for (const name in headers) names.push(name);
        return names;
      },
    ],
    [
      'as an object like any other',
      plain,
      ({ headers }) => [Object.getPrototypeOf(headers) === Object.prototype, Object.prototype.toString.call(headers)],
    ],
    ['in a version in which Node does not look first', request('1.0', 'X-One: 1'), copy],
    ['with an expectation', request('1.1', 'ExPect: 100-continue'), copy],
    ['with an unknown one', request('1.1', 'Expect: roses'), copy],
    ['with an expectation in a version without them', request('1.0', 'Expect: 100-continue'), copy],
    ['with an empty expectation', request('1.1', 'Expect:'), copy],
    [
      'with a body',
      request('1.1', 'Content-LENGTH: 0', 'X-One: 1'),
      ({ headers }) => ['content-length' in headers, copy],
    ],
    [
      'with a value that is set by hand',
      plain,
      ({ headers }) => {
        headers.expect = 'x';
        return [headers.expect, 'expect' in headers];
      },
    ],
  ])('are the same as Node’s, %s', async (_, raw, look) => {
    const expected = await seenBy(raw, look);
    expect(expected).toBeDefined();
    expect(await seenBy(raw, look, InboundMessage)).toEqual(expected);
    // The first reader is answered from the list; later ones, from Node's own object.
    const twice = (message: IncomingMessage): unknown => {
      look(message);
      return look(message);
    };
    expect(await seenBy(raw, twice, InboundMessage)).toEqual(expected);
  });

  it('can be changed through the first look, and be replaced', async () => {
    const changed = await seenBy(
      request('1.0', 'X-One: 1'),
      (message) => {
        const first = message.headers;
        first['x-two'] = '2';
        delete first['x-one'];
        const after = copy(message);
        message.headers = { 'x-three': '3' };
        return [after['x-one'], after['x-two'], copy(message)];
      },
      InboundMessage,
    );
    expect(changed).toEqual([undefined, '2', { 'x-three': '3' }]);
  });
});
