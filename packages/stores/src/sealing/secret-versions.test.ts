import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseSecretVersions, versionsToCome } from './secret-versions.ts';

const [older, newer] = ['kJ8vQ2mXr7TzP4wYb9NcLd5HsGf3EaUq', 'Zt6RwM1nVx8KyB3pQ7jDh2LsCg9FuEa4'];

const parse = (text: string): unknown => parseSecretVersions(text, 'SALLYPORT_SECRET', 'Make another.');

it('the reader of root secrets reads one value as version 1', () => {
  expect(parse(`${older}\n`)).toEqual([{ version: 1, value: older }]);
});

it('the reader of root secrets reads versions in the order in which they are listed, the one that writes first', () => {
  expect(parse(`1:${older},2:${newer}`)).toEqual([
    { version: 1, value: older },
    { version: 2, value: newer },
  ]);
});

it.each([
  { numbers: [1], toCome: [] },
  { numbers: [2, 1], toCome: [] },
  { numbers: [1, 2], toCome: [2] },
  { numbers: [2, 3, 1], toCome: [3] },
])('the reader of root secrets knows that of $numbers the versions $toCome are to come', ({ numbers, toCome }) => {
  expect(versionsToCome(numbers.map((version) => ({ version, value: older })))).toEqual(toCome);
});

it('the reader of root secrets reads several versions, the newest first', () => {
  expect(parse(`12:${newer}, 3:${older}`)).toEqual([
    { version: 12, value: newer },
    { version: 3, value: older },
  ]);
});

it.each(['hex', 'base64', 'base64url'] as const)(
  'the reader of root secrets accepts random bytes written as %s',
  (encoding) => {
    for (let round = 0; round < 200; round += 1) parse(randomBytes(32).toString(encoding));
    for (let round = 0; round < 200; round += 1) parse(`1:${randomBytes(24).toString(encoding)}`);
  },
);

it.each([
  { name: 'is empty', text: '' },
  { name: 'is too short', text: 'kJ8vQ2mXr7TzP4wYb9NcLd5HsGf3EaU' },
  { name: 'is one character', text: 'a'.repeat(64) },
  { name: 'is a word repeated', text: 'correcthorse'.repeat(4) },
  { name: 'is a pattern that ends in the middle', text: 'k8Qv2Zr7Tz'.repeat(4).slice(0, 35) },
  { name: 'counts up', text: '0123456789abcdefghijklmnopqrstuvwxyz' },
  { name: 'counts round and round', text: '0123456789abcdef0123456789abcdef' },
  { name: 'has few different characters', text: 'azzazaazzaazazzazaazazzaazzazaazzaaza' },
  { name: 'has few different digits', text: '0110100110010110100101100110100101' },
  { name: 'comes from an example', text: 'my-very-long-secret-kJ8vQ2mXr7TzP4wYb9' },
  { name: 'asks to be changed', text: 'CHANGE_ME_kJ8vQ2mXr7TzP4wYb9NcLd5HsG' },
  { name: 'has a weak older version', text: `2:${newer},1:weak-weak-weak` },
  { name: 'gives two versions one number', text: `2:${newer},2:${older}` },
  { name: 'has a version without a number', text: `2:${newer},${older}` },
  { name: 'has a version without a value', text: `2:${newer},1:` },
  { name: 'ends with a comma', text: `2:${newer},` },
  { name: 'numbers a version 0', text: `0:${newer}` },
])('the reader of root secrets refuses a secret that $name, by its key and never by its value', ({ text }) => {
  const failure = errorOf(() => parse(text));
  expect(failure).toBeInstanceOf(Error);
  expect(String(failure)).toContain('SALLYPORT_SECRET');
  for (const part of text.split(/[,:]/).filter(({ length }) => length > 3)) expect(String(failure)).not.toContain(part);
});

it('the reader of root secrets names every weak version in one message', () => {
  expect(() => parse(`3:short,2:${'a'.repeat(40)},1:${older}`)).toThrow(/version 3 .*version 2 /);
});

function errorOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
