import { expect, it } from 'vitest';
import { cachedVerdictCount, writeResponseHeaders } from './upstream-response.ts';

const context = {
  requestId: 'a'.repeat(32),
  publicOrigin: 'https://app.test',
  upstreamOrigins: [],
  strippedPrefix: '',
  strictTransport: undefined,
  carriedIdentity: false,
  mayCarryIdentity: false,
};

it('the cache of verdicts on header names stays within its bound when an upstream makes up names', () => {
  for (let index = 0; index < 2000; index++) writeResponseHeaders({ [`x-made-up-${index}`]: 'value' }, context);
  expect(cachedVerdictCount()).toBe(512);
});

it('a header name beyond the bound of the cache of verdicts is still judged by its rule', () => {
  for (let index = 0; index < 600; index++) writeResponseHeaders({ [`x-filler-${index}`]: 'value' }, context);
  const written = writeResponseHeaders({ 'x-envoy-made-up': '1', 'x-own': 'kept' }, context);
  expect(written).not.toContain('x-envoy-made-up');
  expect(written).toContain('x-own');
});
