import { describe, expect, it } from 'vitest';
import { createResponseReader, UnexpectedResponse } from './response-reader.ts';

const plain = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n';

describe('the response reader', () => {
  it.each([
    { name: 'a body with a length', bytes: plain, responses: 1 },
    { name: 'a body in chunks', bytes: chunked, responses: 1 },
    { name: 'two responses in one packet', bytes: plain + chunked, responses: 2 },
  ])('counts $name, however the bytes are cut', ({ bytes, responses }) => {
    const whole = Buffer.from(bytes);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const reader = createResponseReader(5);
      expect(reader.read(whole.subarray(0, cut)) + reader.read(whole.subarray(cut))).toBe(responses);
    }
  });

  it('waits for the rest of a response', () => {
    expect(createResponseReader(5).read(Buffer.from(plain.slice(0, -1)))).toBe(0);
  });

  it.each([
    { name: 'another status', bytes: 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nhello' },
    { name: 'a redirect', bytes: 'HTTP/1.1 303 See Other\r\nContent-Length: 5\r\n\r\nhello' },
    { name: 'a shorter body', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell' },
    {
      name: 'a shorter body in chunks',
      bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n',
    },
    { name: 'no length at all', bytes: 'HTTP/1.1 200 OK\r\n\r\nhello' },
    { name: 'a chunk without a size', bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n' },
    { name: 'something that is not HTTP', bytes: 'hello\r\n\r\n' },
  ])('refuses $name', ({ bytes }) => {
    expect(() => createResponseReader(5).read(Buffer.from(bytes))).toThrow(UnexpectedResponse);
  });
});
