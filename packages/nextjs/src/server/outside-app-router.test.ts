import { describe, expect, it, vi } from 'vitest';
import * as server from './index.ts';
import * as outside from './outside-app-router.ts';

vi.mock('server-only', () => ({}));

describe('the server entry point outside of the App Router', () => {
  it.each([
    { name: 'auth', call: outside.auth },
    { name: 'brand', call: outside.brand },
    { name: 'requireAuth', call: outside.requireAuth },
    { name: 'requestNonce', call: outside.requestNonce },
    { name: 'fetchApi', call: () => outside.fetchApi('/api/shop') },
    { name: 'Show', call: async () => outside.Show({ when: 'signed-in', children: null }) },
    { name: 'clientAuth', call: async () => outside.clientAuth({ status: 'signed-out' }) },
  ])('refuses $name(), by name and with where it works', async ({ name, call }) => {
    await expect(call()).rejects.toThrow(
      new RegExp(`^${name}\\(\\) of @sallyport/nextjs/server works in the App Router.*Pages Router`),
    );
  });

  it('has every name of the real one, so that no import fails without a word', () => {
    expect(Object.keys(outside).sort()).toEqual(Object.keys(server).sort());
  });

  it('still reads refusals, which need no request', async () => {
    const answer = Response.json({ code: 'SP_FORBIDDEN', title: 'No' }, { status: 403 });

    expect(await outside.readProblem(answer)).toMatchObject({ code: 'SP_FORBIDDEN', status: 403 });
  });
});
