import { expect, it } from 'vitest';
import { cachedTreatmentCount, writeResponseHeaders, type ResponseRules } from './upstream-response.ts';

const rules: ResponseRules = {
  locations: 'any',
  cache: 'no-store',
  isServed: () => false,
  publicOrigin: 'https://app.test',
  upstreamOrigins: [],
  strippedPrefix: '',
  strictTransport: undefined,
  cors: new Set<string>(),
  resource: undefined,
  mayCarryIdentity: false,
  crossOrigin: undefined,
};

const write = (headers: Readonly<Record<string, string>>): readonly string[] =>
  writeResponseHeaders(headers, rules, 'a'.repeat(32), false);

it('the cache of verdicts on header names stays within its bound when an upstream makes up names', () => {
  for (let index = 0; index < 2000; index++) write({ [`x-made-up-${index}`]: 'value' });
  expect(cachedTreatmentCount()).toBe(512);
});

it('a header name beyond the bound of the cache of verdicts is still judged by its rule', () => {
  for (let index = 0; index < 600; index++) write({ [`x-filler-${index}`]: 'value' });
  const written = write({ 'x-envoy-made-up': '1', 'x-own': 'kept' });
  expect(written).not.toContain('x-envoy-made-up');
  expect(written).toContain('x-own');
});
