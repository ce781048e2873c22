import { SallyportError } from '@sallyport/core';
import { createTestIssuer, type TestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { auth } from './auth.ts';
import { clientAuth } from './client-auth.ts';
import { SallyportConfigurationError } from './configuration-error.ts';

const request = vi.hoisted(() => ({ headers: new Headers(), failure: undefined as Error | undefined }));
vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({
  headers: () => {
    if (request.failure !== undefined) throw request.failure;
    return Promise.resolve(request.headers);
  },
}));

const publicUrl = 'http://localhost:3000';
let issuer: TestIssuer;
let keys: TestKeyEndpoint;

beforeAll(async () => {
  issuer = createTestIssuer({
    issuer: `${publicUrl}/internal`,
    audience: 'account',
    roles: { vendor: ['product:read', 'product:create'] },
  });
  keys = await issuer.listen();
});
afterAll(() => keys.close());

beforeEach(() => {
  request.headers = new Headers();
  request.failure = undefined;
  vi.stubEnv('SALLYPORT_PUBLIC_URL', publicUrl);
  vi.stubEnv('SALLYPORT_INTERNAL_URL', new URL(keys.url).origin);
  vi.stubEnv('SALLYPORT_AUDIENCE', 'account');
});
afterEach(() => vi.unstubAllEnvs());

function arriveWith(authorization: string): void {
  request.headers.set('authorization', authorization);
}

async function refusal(): Promise<SallyportError> {
  const outcome: unknown = await auth().catch((error: unknown) => error);
  if (outcome instanceof SallyportError) return outcome;
  throw new Error('auth() did not refuse', { cause: outcome });
}

describe('auth() refuses, and never says "signed out",', () => {
  const now = Math.floor(Date.now() / 1000);

  it.each([
    {
      name: 'of another audience',
      change: { aud: 'shop' },
      code: 'SP_TOKEN_INVALID',
      reason: 'made-for-another-audience',
    },
    {
      name: 'of the public issuer',
      change: { iss: publicUrl },
      code: 'SP_TOKEN_INVALID',
      reason: 'made-by-another-issuer',
    },
    { name: 'that is out of date', change: { exp: now - 60 }, code: 'SP_TOKEN_EXPIRED', reason: 'out-of-date' },
    {
      name: 'without a subject',
      change: { sub: undefined },
      code: 'SP_TOKEN_INVALID',
      reason: 'not-a-token-of-the-gateway',
    },
    {
      name: 'with roles of the wrong type',
      change: { roles: 'admin' },
      code: 'SP_TOKEN_INVALID',
      reason: 'not-a-token-of-the-gateway',
    },
    { name: 'of a machine', change: { sub_type: 'service' }, code: 'SP_FORBIDDEN', reason: 'machine-at-a-page' },
    {
      name: 'that is bound to a certificate',
      change: { cnf: { 'x5t#S256': 'x'.repeat(43) } },
      code: 'SP_TOKEN_INVALID',
      reason: 'token-bound-to-a-certificate',
    },
  ])('a token $name', async ({ change, code, reason }) => {
    arriveWith(`Bearer ${issuer.sign(change)}`);

    expect(await refusal()).toMatchObject({ code, reason });
  });

  it.each([
    { name: 'a token signed by a stranger', header: () => `Bearer ${createTestIssuer(issuer).sign()}` },
    { name: 'an id token', header: () => `Bearer ${issuer.sign({}, { typ: 'JWT' })}` },
    { name: 'a token without a signature', header: () => `Bearer ${issuer.sign().replace(/[^.]+$/, '')}` },
    { name: 'a token that was changed', header: () => `Bearer ${issuer.sign().replace(/\.e/, '.f')}` },
    { name: 'an over-long token', header: () => `Bearer ${'a'.repeat(9000)}` },
    { name: 'rubbish', header: () => 'Bearer zzz' },
    { name: 'an empty header', header: () => '' },
    { name: 'a bare scheme', header: () => 'Bearer' },
    { name: 'another scheme', header: () => `Basic ${issuer.sign()}` },
    { name: 'two tokens', header: () => `Bearer ${issuer.sign()}, Bearer ${issuer.sign()}` },
  ])('$name', async ({ header }) => {
    arriveWith(header());

    expect(await refusal()).toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it('with nothing of the token in the error, which Next prints', async () => {
    arriveWith(`Bearer ${issuer.sign({ aud: 'shop', name: 'Ann Planted', email: 'ann@planted.example' })}`);

    const error = await refusal();

    expect(error.cause).toBeUndefined();
    expect(JSON.stringify([error, error.message, error.stack])).not.toMatch(/planted|eyJ/i);
  });

  it('when the environment is incomplete, for every caller', async () => {
    vi.stubEnv('SALLYPORT_AUDIENCE', undefined);

    await expect(auth()).rejects.toThrow(SallyportConfigurationError);
    await expect(auth()).rejects.toThrow('SALLYPORT_AUDIENCE is not set');
  });

  it('with 503 and not 401 when the keys were never read', async () => {
    vi.stubEnv('SALLYPORT_INTERNAL_URL', 'http://127.0.0.1:1');
    arriveWith(`Bearer ${issuer.sign()}`);

    expect(await refusal()).toMatchObject({ code: 'SP_KEYS_UNAVAILABLE', status: 503 });
  });
});

describe('auth()', () => {
  it('says "signed out" when the gateway attached nothing', async () => {
    expect(await auth()).toEqual({ status: 'signed-out' });
  });

  it('does not look at cookies', async () => {
    request.headers.set('cookie', `sallyport=${issuer.tokenFor('vendor')}`);

    expect(await auth()).toEqual({ status: 'signed-out' });
  });

  it('says who is asking', async () => {
    const actor = { sub: 'admin-1' };
    arriveWith(
      `Bearer ${issuer.tokenFor('vendor', { name: 'Vera', email: 'vera@example.com', act: actor, auth_time: 1_700_000_000 })}`,
    );

    const caller = await auth();

    expect(caller).toMatchObject({
      status: 'signed-in',
      userId: 'vendor-1',
      sessionId: 'session-1',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create'],
      acr: 'pwd',
      amr: ['pwd'],
      authTime: new Date(1_700_000_000_000),
      name: 'Vera',
      email: 'vera@example.com',
      actor: { id: 'admin-1' },
    });
  });

  it('knows what the person may do: one of the roles, all of the permissions', async () => {
    arriveWith(`Bearer ${issuer.tokenFor('vendor')}`);
    const caller = await auth();
    if (caller.status === 'signed-out') throw new Error('no user is signed in');

    expect(caller.has({ roles: ['admin', 'vendor'] })).toBe(true);
    expect(caller.has({ permissions: ['product:read', 'product:create'] })).toBe(true);
    expect(caller.has({})).toBe(true);
    expect(caller.has({ roles: ['admin'] })).toBe(false);
    expect(caller.has({ roles: [] })).toBe(false);
    expect(caller.has({ permissions: ['product:read', 'product:delete'] })).toBe(false);
    expect(caller.has({ roles: ['vendor'], permissions: ['product:delete'] })).toBe(false);
  });

  it('knows the organization that is active, and keeps roles inside it apart from the others', async () => {
    arriveWith(`Bearer ${issuer.issueToken({ org: 'acme', orgRoles: ['owner'], roles: ['vendor'] })}`);
    const caller = await auth();
    if (caller.status === 'signed-out') throw new Error('no user is signed in');

    expect(caller).toMatchObject({ org: 'acme', orgRoles: ['owner'], roles: ['vendor'] });
    expect(clientAuth(caller)).toMatchObject({ org: 'acme', orgRoles: ['owner'] });
    expect(caller.has({ org: true })).toBe(true);
    expect(caller.has({ orgRoles: ['billing', 'owner'] })).toBe(true);
    expect(caller.has({ orgRoles: ['vendor'] })).toBe(false);
    expect(caller.has({ roles: ['owner'] })).toBe(false);
  });

  it('holds no role inside an organization where none is active', async () => {
    arriveWith(`Bearer ${issuer.tokenFor('vendor', { roles: ['owner'], org_roles: ['owner'] })}`);
    const caller = await auth().catch(() => undefined);

    expect(caller?.status === 'signed-in' && (caller.has({ orgRoles: ['owner'] }) || caller.has({ org: true }))).toBe(
      false,
    );
  });

  it('cannot be changed by the page that asked', async () => {
    arriveWith(`Bearer ${issuer.tokenFor('vendor')}`);
    const caller = await auth();

    expect(() => Object.assign(caller, { roles: ['admin'] })).toThrow(TypeError);
    expect(Object.isFrozen(caller.status === 'signed-in' && caller.roles)).toBe(true);
  });

  it('asks for the keys once, however many pages are rendered', async () => {
    await auth();
    arriveWith(`Bearer ${issuer.sign()}`);
    await auth();
    const before = keys.requestCount();

    for (let page = 0; page < 20; page += 1) {
      arriveWith(`Bearer ${issuer.sign()}`);
      await auth();
    }

    expect(keys.requestCount()).toBe(before);
  });

  it('keeps believing known keys while the key endpoint is down', async () => {
    arriveWith(`Bearer ${issuer.sign()}`);
    await auth();
    keys.behave('down');
    try {
      arriveWith(`Bearer ${issuer.sign()}`);
      expect((await auth()).status).toBe('signed-in');
    } finally {
      keys.behave('good');
    }
  });
});

describe('what the browser is told', () => {
  it('is nothing but the status when no user is signed in', async () => {
    expect(clientAuth(await auth())).toEqual({ status: 'signed-out' });
  });

  it('is plain data with no credential in it', async () => {
    const token = issuer.tokenFor('vendor', { name: 'Vera', email: 'vera@example.com' });
    arriveWith(`Bearer ${token}`);

    const told = clientAuth(await auth());

    expect(told).toEqual({
      status: 'signed-in',
      userId: 'vendor-1',
      sessionId: 'session-1',
      name: 'Vera',
      email: 'vera@example.com',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create'],
      acr: 'pwd',
      authTime: expect.any(Number) as number,
    });
    expect(structuredClone(told)).toEqual(told);
    expect(JSON.stringify(told)).not.toContain(token.split('.')[2]);
  });
});

describe('auth() behind a gateway that signs with a shared secret', () => {
  const sharedSecret = 'XvK2mQ8rTz5LpN7wYd3HsGf1BcJ9aEu4Rk6Vt0ZxWnM';
  const signer = createTestIssuer({ issuer: `${publicUrl}/internal`, audience: 'account', sharedSecret });

  it('believes that secret and no key, and without it no secret', async () => {
    vi.stubEnv('SALLYPORT_TOKEN_SECRET', sharedSecret);
    arriveWith(`Bearer ${signer.sign()}`);
    expect(await auth()).toMatchObject({ status: 'signed-in', userId: 'user-1' });
    arriveWith(`Bearer ${issuer.sign()}`);
    expect(await refusal()).toMatchObject({ code: 'SP_TOKEN_INVALID' });

    vi.stubEnv('SALLYPORT_TOKEN_SECRET', '');
    arriveWith(`Bearer ${signer.sign()}`);
    expect(await refusal()).toMatchObject({ code: 'SP_TOKEN_INVALID' });
    arriveWith(`Bearer ${issuer.sign()}`);
    expect(await auth()).toMatchObject({ status: 'signed-in' });
  });
});
