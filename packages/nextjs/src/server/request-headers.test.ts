import { afterEach, describe, expect, it, vi } from 'vitest';
import { auth } from './auth.ts';
import { brand } from './brand.ts';
import { requestNonce } from './request-nonce.ts';
import { requireAuth } from './require-auth.ts';

const request = vi.hoisted(() => ({ failure: new Error('none') }));
vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({
  headers: () => {
    throw request.failure;
  },
}));

afterEach(() => vi.unstubAllEnvs());

describe.each([
  { name: 'auth', call: auth, named: 'auth' },
  { name: 'brand', call: brand, named: 'brand' },
  { name: 'requestNonce', call: requestNonce, named: 'requestNonce' },
  // It asks auth() first.
  { name: 'requireAuth', call: () => requireAuth(), named: 'auth' },
])('$name() without a request', ({ call, named }) => {
  it('says that it works in the App Router, and keeps what Next said', async () => {
    request.failure = new Error('`headers` was called outside a request scope. Read more: https://nextjs.org/docs/…');

    await expect(call()).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^${named}\\(\\).*works in the App Router.*Pages Router`)) as string,
      cause: request.failure,
    });
  });

  it('leaves to Next what stops a page from being rendered ahead', async () => {
    request.failure = Object.assign(new Error('Dynamic server usage'), { digest: 'DYNAMIC_SERVER_USAGE' });

    await expect(call()).rejects.toBe(request.failure);
  });
});
