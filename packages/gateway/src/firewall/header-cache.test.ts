import { expect, it } from 'vitest';
import { cachedRuleCount, readHeaders } from './inbound-headers.ts';

it('the cache of header rules stays within its bound when clients make up names', () => {
  for (let index = 0; index < 2000; index++) readHeaders([`x-made-up-${index}`, 'value']);
  expect(cachedRuleCount()).toBe(512);
});

it('a header name beyond the bound of the cache is still judged by its rule', () => {
  for (let index = 0; index < 600; index++) readHeaders([`x-filler-${index}`, 'value']);
  expect(readHeaders(['X-Forwarded-User', 'root', 'x-own', 'kept']).endToEnd).toEqual(['x-own', 'kept']);
});
