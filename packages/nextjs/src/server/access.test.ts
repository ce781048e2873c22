import { unpackAccess } from '@sallyport/policy';
import { createTestIssuer, type TestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { lamp, policy, sofa } from '../access/shop-policy.test-support.ts';
import { access } from './access.ts';
import { auth } from './auth.ts';
import { Can } from './can.tsx';
import { clientAccess } from './client-access.ts';
import { requireAccess } from './require-access.ts';

const request = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({ headers: async () => request.headers }));

let issuer: TestIssuer;
let keys: TestKeyEndpoint;

beforeAll(async () => {
  issuer = createTestIssuer({
    audience: 'account',
    roles: { user: [], vendor: ['product:update'], admin: ['product:any', 'payout:read'] },
  });
  keys = await issuer.listen();
});
afterAll(() => keys.close());

beforeEach(() => {
  request.headers = new Headers({ 'x-forwarded-uri': '/products/lamp' });
  vi.stubEnv('SALLYPORT_PUBLIC_URL', 'http://localhost:3000');
  vi.stubEnv('SALLYPORT_INTERNAL_URL', new URL(keys.url).origin);
  vi.stubEnv('SALLYPORT_AUDIENCE', 'account');
  // What `withZone` turns on at build time.
  vi.stubEnv('__NEXT_EXPERIMENTAL_AUTH_INTERRUPTS', 'true');
});
afterEach(() => vi.unstubAllEnvs());

function arriveAs(role: string | undefined): void {
  if (role !== undefined) request.headers.set('authorization', `Bearer ${issuer.tokenFor(role)}`);
}

describe('requireAccess()', () => {
  it.each([
    { name: 'forbids the record of another', role: 'vendor', record: sofa, digest: 'NEXT_HTTP_ERROR_FALLBACK;403' },
    { name: 'forbids what takes a permission', role: 'user', record: lamp, digest: 'NEXT_HTTP_ERROR_FALLBACK;403' },
    { name: 'does not find what is not there', role: 'admin', record: null, digest: 'NEXT_HTTP_ERROR_FALLBACK;404' },
    { name: 'does not find nothing', role: 'admin', record: undefined, digest: 'NEXT_HTTP_ERROR_FALLBACK;404' },
    {
      name: 'sends a visitor to sign in, and back',
      role: undefined,
      record: lamp,
      digest: 'NEXT_REDIRECT;replace;/auth/sign-in?returnTo=%2Fproducts%2Flamp;307;',
    },
  ])('$name', async ({ role, record, digest }) => {
    arriveAs(role);
    await expect(requireAccess(policy, 'update', 'Product', record)).rejects.toMatchObject({ digest });
  });

  it.each(['vendor', 'user', undefined])('does not find what it hides from: %s', async (role) => {
    arriveAs(role);
    await expect(requireAccess(policy, 'update', 'Product', sofa, { onDeny: 404 })).rejects.toMatchObject({
      digest: 'NEXT_HTTP_ERROR_FALLBACK;404',
    });
  });

  it('gives the record to a user who may', async () => {
    arriveAs('vendor');
    expect(await requireAccess(policy, 'update', 'Product', lamp)).toBe(lamp);
  });
});

describe('access() and <Can> on the server', () => {
  it.each([
    { name: 'a visitor', role: undefined, record: lamp, shown: false },
    { name: 'a user without the permission', role: 'user', record: lamp, shown: false },
    { name: 'a vendor, of the record of another', role: 'vendor', record: sofa, shown: false },
    { name: 'an administrator, of no record', role: 'admin', record: undefined, shown: false },
    { name: 'a vendor, of their own', role: 'vendor', record: lamp, shown: true },
  ])('answer the same for $name: $shown', async ({ role, record, shown }) => {
    arriveAs(role);
    const props = { policy, action: 'update', on: 'Product', children: 'children', fallback: 'fallback' } as const;
    expect(await Can({ ...props, record })).toBe(shown ? 'children' : 'fallback');
    if (record !== undefined) expect((await access(policy)).can('update', 'Product', record)).toBe(shown);
  });

  it('hide a field, and show a menu where there may be a record', async () => {
    arriveAs('vendor');
    const props = { policy, action: 'update', on: 'Product', children: 'children' } as const;
    expect(await Can({ ...props, record: lamp, field: 'vendorId' })).toBe(null);
    expect(await Can({ ...props, record: lamp, field: 'costCents' })).toBe('children');
    expect(await Can(props)).toBe('children');
    expect(await Can({ policy, action: 'read', on: 'Payout', children: 'children' })).toBe(null);
  });

  it('throw for a token that does not hold, and for an action that the policy does not have', async () => {
    arriveAs('vendor');
    await expect(Can({ policy, action: 'updte' as never, on: 'Product', children: null })).rejects.toThrow('updte');
    request.headers.set('authorization', 'Bearer zzz');
    await expect(access(policy)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });
});

describe('what the browser is told of a policy', () => {
  it.each(['vendor', 'user', undefined])('is nothing about others, for: %s', async (role) => {
    arriveAs(role);
    const told = JSON.stringify(clientAccess(policy, await auth()));
    expect(told).not.toMatch(/canary|product:|payout:|vendor-2/);
  });

  it('is plain data that answers as the server does', async () => {
    arriveAs('vendor');
    const told = clientAccess(policy, await auth());
    expect(structuredClone(told)).toEqual(told);
    const mine = unpackAccess<typeof policy>(JSON.parse(JSON.stringify(told)) as typeof told);
    expect([mine.can('update', 'Product', lamp), mine.can('update', 'Product', sofa)]).toEqual([true, false]);
    expect(mine.can('update', 'Product', lamp, 'vendorId')).toBe(false);
  });

  it('is refused to a copy of what auth() resolved to, which may say anything', async () => {
    arriveAs('user');
    const forged = { ...(await auth()), permissions: ['product:any'] } as Awaited<ReturnType<typeof auth>>;
    expect(() => clientAccess(policy, forged)).toThrow('auth() did not make this');
  });
});
