import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleOfHeader } from './header-rules.ts';

const meanings = ['user', 'account', 'permissions', 'roles', 'scopes', 'scope', 'group', 'jwt', 'claims', 'principal'];
const moreMeanings = ['identity', 'subject', 'admin', 'superuser', 'privileges', 'entitlements', 'authorities'];
const separators = fc.constantFrom('-', '_', '.', '--', '_-');

describe('a header that says who is calling', () => {
  it('goes to no service, whatever it is called exactly', () => {
    const prefix = fc.constantFrom(
      '',
      'X',
      'X-Internal',
      'X-Auth',
      'X-Current',
      'X-App',
      'My',
      'Acme',
      'X-Is',
      'HTTP-X',
    );
    const meaning = fc.constantFrom(...meanings, ...moreMeanings);
    const detail = fc.constantFrom('', 'id', 'ids', 'name', 'email', 'info', 'uuid', 'list', 'data');
    const shape = fc.record({ prefix, meaning, detail, separator: separators, isUpper: fc.boolean() });
    fc.assert(
      fc.property(shape, ({ prefix: start, meaning: word, detail: end, separator, isUpper }) => {
        const name = [...start.split('-'), word, end].filter((part) => part !== '').join(separator);
        expect(ruleOfHeader(isUpper ? name.toUpperCase() : name)).toBe('drop');
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    'x-permissions',
    'x-jwt',
    'x-scopes',
    'x-account-id',
    'x-internal-user',
    'XUserId',
    'xroles',
    'user_id',
    'Login',
  ])('goes to no service: %s', (name) => {
    expect(ruleOfHeader(name)).toBe('drop');
  });

  it.each([
    ['User-Agent', 'X-User-Agent', 'X-Amz-User-Agent', 'Sec-Fetch-User', 'X-User-Timezone'],
    ['X-Group-By', 'X-Account-Plan-Hint', 'X-Scope-Depth', 'X-Controller', 'X-Control-Expose', 'X-Telescope-Trace'],
    ['Access-Control-Request-Headers', 'Access-Control-Request-Method', 'Content-Disposition', 'Content-Language'],
    ['Idempotency-Key', 'If-None-Match', 'X-Requested-With', 'X-Tenant-Id', 'X-Api-Version', 'X-Correlation-Id'],
    ['X-GitHub-Hook-Installation-Target-ID', 'Stripe-Signature', 'X-Shopify-Hmac-Sha256', 'Mcp-Session-Id'],
    ['Grpc-Timeout', 'X-Grpc-Web', 'Apollo-Require-Preflight', 'X-Apollo-Operation-Name', 'Baggage', 'Depth'],
  ])('is not meant: %s and others of its kind', (...names) => {
    for (const name of names) expect([name, ruleOfHeader(name)]).toEqual([name, 'forward']);
  });
});
