import { createTestIssuer, type TestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { requireAuth } from './require-auth.ts';
import { Show } from './show.tsx';

const request = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({ headers: async () => request.headers }));

let issuer: TestIssuer;
let keys: TestKeyEndpoint;

beforeAll(async () => {
  issuer = createTestIssuer({ audience: 'account', roles: { user: ['product:read'], admin: ['user:manage'] } });
  keys = await issuer.listen();
});
afterAll(() => keys.close());

beforeEach(() => {
  request.headers = new Headers();
  vi.stubEnv('SALLYPORT_PUBLIC_URL', 'http://localhost:3000');
  vi.stubEnv('SALLYPORT_INTERNAL_URL', new URL(keys.url).origin);
  vi.stubEnv('SALLYPORT_AUDIENCE', 'account');
  // What `withZone` turns on at build time.
  vi.stubEnv('__NEXT_EXPERIMENTAL_AUTH_INTERRUPTS', 'true');
});
afterEach(() => vi.unstubAllEnvs());

function arriveAs(role: string): void {
  request.headers.set('authorization', `Bearer ${issuer.tokenFor(role)}`);
}

describe('requireAuth()', () => {
  it.each([
    {
      name: 'to the page that the gateway reports',
      uri: '/account?tab=2',
      target: '/auth/sign-in?returnTo=%2Faccount%3Ftab%3D2',
    },
    { name: "without the router's mark", uri: '/account?_rsc=abc', target: '/auth/sign-in?returnTo=%2Faccount' },
    { name: 'nowhere when no page is reported', uri: undefined, target: '/auth/sign-in' },
    { name: 'nowhere when another host is reported', uri: '//evil.example', target: '/auth/sign-in' },
    { name: 'nowhere when another origin is reported', uri: 'https://evil.example/', target: '/auth/sign-in' },
    { name: 'nowhere when a backslash hides a host', uri: '/\\evil.example', target: '/auth/sign-in' },
  ])('sends a signed-out visitor to sign in, and back $name', async ({ uri, target }) => {
    if (uri !== undefined) request.headers.set('x-forwarded-uri', uri);

    await expect(requireAuth()).rejects.toMatchObject({ digest: expect.stringContaining(`;${target};`) as string });
  });

  it('returns to the page that the application chose', async () => {
    request.headers.set('x-forwarded-uri', '/account');

    await expect(requireAuth(undefined, { returnTo: '/products' })).rejects.toMatchObject({
      digest: expect.stringContaining(';/auth/sign-in?returnTo=%2Fproducts;') as string,
    });
  });

  it('does not return to another origin', async () => {
    await expect(requireAuth(undefined, { returnTo: 'https://evil.example' })).rejects.toMatchObject({
      digest: expect.stringContaining(';/auth/sign-in;') as string,
    });
  });

  it('answers 403 to a person who lacks the role', async () => {
    arriveAs('user');

    await expect(requireAuth({ roles: ['admin'] })).rejects.toMatchObject({ digest: 'NEXT_HTTP_ERROR_FALLBACK;403' });
  });

  it('answers 403 to a person who lacks one of the permissions', async () => {
    arriveAs('user');

    await expect(requireAuth({ permissions: ['product:read', 'product:delete'] })).rejects.toMatchObject({
      digest: 'NEXT_HTTP_ERROR_FALLBACK;403',
    });
  });

  it('refuses every caller when the application did not turn the 403 page on', async () => {
    vi.stubEnv('__NEXT_EXPERIMENTAL_AUTH_INTERRUPTS', undefined);
    arriveAs('user');

    await expect(requireAuth({ roles: ['admin'] })).rejects.toThrow('authInterrupts');
  });

  it('neither redirects nor lets in when the token is not valid', async () => {
    request.headers.set('authorization', 'Bearer zzz');

    await expect(requireAuth()).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it('gives the page the person who is asking', async () => {
    arriveAs('admin');

    expect(await requireAuth({ roles: ['admin'], permissions: ['user:manage'] })).toMatchObject({ userId: 'admin-1' });
  });
});

describe('<Show> on the server', () => {
  it.each([
    { name: 'the signed-in part to a visitor', role: undefined, when: 'signed-in', shown: false },
    { name: 'a requirement to a visitor', role: undefined, when: {}, shown: false },
    { name: 'the signed-out part to a person', role: 'user', when: 'signed-out', shown: false },
    { name: 'a role to a user without it', role: 'user', when: { roles: ['admin'] }, shown: false },
    { name: 'a permission to a user without it', role: 'user', when: { permissions: ['user:manage'] }, shown: false },
    { name: 'what a function denies', role: 'user', when: () => false, shown: false },
    { name: 'the signed-out part to a visitor', role: undefined, when: 'signed-out', shown: true },
    { name: 'the signed-in part to a person', role: 'user', when: 'signed-in', shown: true },
    { name: 'a role to its holder', role: 'admin', when: { roles: ['admin'] }, shown: true },
    { name: 'what a function grants', role: 'user', when: () => true, shown: true },
  ] as const)('$name: $shown', async ({ role, when, shown }) => {
    if (role !== undefined) arriveAs(role);

    expect(await Show({ when, children: 'children', fallback: 'fallback' })).toBe(shown ? 'children' : 'fallback');
  });

  it('shows nothing when the token is not valid', async () => {
    request.headers.set('authorization', 'Bearer zzz');

    await expect(Show({ when: 'signed-out', children: 'children' })).rejects.toMatchObject({
      code: 'SP_TOKEN_INVALID',
    });
  });
});
