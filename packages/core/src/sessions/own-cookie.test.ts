import { expect, it } from 'vitest';
import { readOwnCookie } from './own-cookie.ts';

it.each([
  ['one cookie', 'own=1', '1'],
  ['one among others, with a tab', 'a=2;\town=1 ; b=3', '1'],
  ['the same value twice', 'own=1; own=1', '1'],
  ['an empty value', 'own=', ''],
  ['a value with an equals sign', 'own=a=b', 'a=b'],
  ['no header', undefined, undefined],
  ['no cookie of that name', 'owner=1; xown=1; OWN=1', undefined],
  ['two values', 'own=1; own=2', undefined],
  ['a value and an empty one', 'own=1; own=', undefined],
  ['a no-break space before the name', '\u00a0own=1', undefined],
  ['white space behind the name', 'own =1', undefined],
  ['a comma before the name', 'a=1, own=1', undefined],
])('a cookie of ours is read from %s', (_, header, value) => {
  expect(readOwnCookie(header, 'own')).toBe(value);
});
