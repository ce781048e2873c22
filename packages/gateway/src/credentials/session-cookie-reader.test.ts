import { describe, expect, it } from 'vitest';
import { createCookieReader } from './session-cookie-reader.ts';

const one = '1'.repeat(43);
const two = '2'.repeat(43);

describe('cookies of a connection', () => {
  it('are read anew whenever they differ from those before', () => {
    const read = createCookieReader('sallyport');
    const connection = {};
    const headers = [
      `sallyport=${one}`,
      `sallyport=${two}`,
      `sallyport=${one}; a=1`,
      `sallyport=${one}; a=2`,
      `sallyport=${one}; sallyport=${two}`,
      `sallyport=${one}`,
      'sallyport=short',
      'a=1',
      `sallyport=${two}`,
    ];
    for (const header of headers) expect(read(header, connection)).toEqual(read(header));
  });

  it('are remembered for that connection and that name alone', () => {
    const read = createCookieReader('sallyport');
    const readOther = createCookieReader('__Host-sallyport');
    const [connection, other] = [{}, {}];
    const header = `sallyport=${one}`;
    expect(read(header, connection)).toBe(read(header, connection));
    expect(read(header, other)).not.toBe(read(header, connection));
    expect(readOther(header, connection).session.kind).toBe('none');
    expect(read(header, connection).session.kind).toBe('token');
  });

  it('cannot be listed from the connection', () => {
    const connection = {};
    createCookieReader('sallyport')(`sallyport=${one}`, connection);
    expect(JSON.stringify(connection)).toBe('{}');
    expect(Object.keys(connection)).toEqual([]);
  });
});
