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

describe('a cookie of another', () => {
  const read = createCookieReader('__Host-sallyport');

  it.each([
    'from=sallyport',
    'from=sallyport=1',
    'back=https://app.test/?utm=sallyport=1&a=b',
    'seen=__Host-sallyport=x',
    'flags=a|sallyport=on',
  ])('is handed on when only its value holds our name: %s', (pair) => {
    expect(read(`a=1; ${pair}; __Host-sallyport=${one}`)).toMatchObject({
      session: { kind: 'token', token: one },
      others: `a=1; ${pair}`,
    });
  });

  it.each([
    `a=b, __Host-sallyport=${two}`,
    `a="__Host-sallyport=${two}"`,
    `a=b __Host-sallyport=${two}`,
    `a=b\t$Path=x sallyport=${two}`,
    `a=%3B__Host-sallyport=${two}`,
    `a=b%2C%20__Host-sallyport=${two}`,
    `my-sallyport=${two}`,
    `=__Host-sallyport=${two}`,
  ])('is dropped when a parser that splits elsewhere finds our name in it: %s', (pair) => {
    expect(read(`a=1; ${pair}`)).toEqual({ session: { kind: 'none' }, others: 'a=1' });
  });
});
