import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, type Client } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import { code, password, startFakeGateway, type FakeGateway, patience } from './fake-gateway.test-support.ts';
import type { SecondFactorStep, SignInOutcome } from './sign-in.ts';
import { createMemoryStorage } from './storage/memory-storage.ts';

const email = 'ada@example.test';

let gateway: FakeGateway;
let client: Client;
beforeEach(async () => {
  gateway = await startFakeGateway();
  client = createClient({ gateway: gateway.origin, device: 'Test' });
});
afterEach(() => gateway.close());

const requireStep = (outcome: SignInOutcome): SecondFactorStep =>
  outcome.kind === 'second-factor' ? outcome : expect.fail('a second factor is due');

describe('signing in', () => {
  it('leads to calls with a token, under the name of the device, and without a cookie', async () => {
    expect(client.status).toBe('unknown');
    expect(await client.signIn({ email, password })).toEqual({ kind: 'signed-in' });
    expect(client.status).toBe('signed-in');
    expect((await client.fetch('/api/products')).status).toBe(200);
    expect(JSON.parse(gateway.seen[0]?.body ?? '')).toEqual({ email, password, device: 'Test' });
    expect(gateway.seen[1]?.headers).toMatchObject({ authorization: 'Bearer at-2' });
    expect(gateway.seen.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
  });

  it('asks for the second factor where one is due, with the methods that are known here', async () => {
    gateway.options.asksForSecondFactor = true;
    const step = requireStep(await client.signIn({ email, password, device: 'Phone' }));
    expect(step).toMatchObject({ methods: ['totp', 'recovery-code'], expiresInSeconds: 600 });
    expect(client.status).toBe('unknown');
    expect(await step.sendCode('email')).toBe(30);
    await step.answer({ code });
    expect((await client.fetch('/api/products')).status).toBe(200);
    expect(JSON.parse(gateway.seen[2]?.body ?? '')).toEqual({
      mfa_token: 'mfa',
      code,
      method: 'totp',
      device: 'Phone',
    });
  });

  it('is refused with a wrong code, after which another one may be given', async () => {
    gateway.options.asksForSecondFactor = true;
    const step = requireStep(await client.signIn({ email, password }));
    await expect(step.answer({ code: '000000' })).rejects.toMatchObject({ code: 'SP_CODE_INVALID', status: 400 });
    await step.answer({ code });
    expect(client.status).toBe('signed-in');
  });

  it('is refused with a wrong password, and no word of what was sent is in the error', async () => {
    const wrong = 'quiet-meadow-copper-17';
    const error: unknown = await client.signIn({ email, password: wrong }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'ClientError', code: 'SP_CREDENTIALS_INVALID', status: 400 });
    expect(JSON.stringify(error) + String(error)).not.toMatch(new RegExp(`${wrong}|${email}`));
    expect(client.status).toBe('unknown');
    await expect(client.fetch('/api/products')).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
  });

  it.each([
    {
      name: 'a limit on guessing',
      fault: {
        status: 429,
        headers: { 'retry-after': '40' },
        body: '{"code":"SP_TOO_MANY_ATTEMPTS","title":"Too many"}',
      },
      error: { code: 'SP_TOO_MANY_ATTEMPTS', status: 429, retryAfterSeconds: 40 },
    },
    {
      name: 'a role that requires a factor that is not there',
      fault: { status: 403, body: '{"code":"SP_SECOND_FACTOR_SET_UP_REQUIRED","hint":"On the website."}' },
      error: { code: 'SP_SECOND_FACTOR_SET_UP_REQUIRED', hint: 'On the website.' },
    },
    {
      name: 'fields that are wrong',
      fault: {
        status: 400,
        body: '{"code":"SP_VALIDATION_FAILED","errors":[{"field":"email","message":"is none"},7]}',
      },
      error: { code: 'SP_VALIDATION_FAILED', errors: [{ field: 'email', message: 'is none' }] },
    },
    { name: 'a page of a proxy', fault: { status: 502, body: '<html>' }, error: { code: 'SP_CLIENT_UNAVAILABLE' } },
    { name: 'a page of a portal', fault: { status: 200, body: '<html>' }, error: { code: 'SP_CLIENT_ANSWER_INVALID' } },
    {
      name: 'no such path',
      fault: { status: 404, body: '' },
      error: { code: 'SP_CLIENT_ANSWER_INVALID', status: 404 },
    },
    { name: 'a code of another kind', fault: { status: 400, body: '{"code":"EVIL"}' }, error: { status: 400 } },
    { name: 'a lost answer', fault: 'lost-reply' as const, error: { code: 'SP_CLIENT_UNAVAILABLE' } },
  ])('fails with $name, and signs no one in', async ({ fault, error }) => {
    gateway.fail('/auth/token', fault);
    await expect(client.signIn({ email, password })).rejects.toMatchObject(error);
    expect(client.status).toBe('unknown');
  });

  it.each([
    ['no token', '{}'],
    ['a token that never lives', '{"access_token":"a","refresh_token":"r","expires_in":0}'],
    ['a time that is none', '{"access_token":"a","refresh_token":"r","expires_in":"600"}'],
    ['no refresh token', '{"access_token":"a","expires_in":600}'],
    ['a list', '[]'],
  ])('fails with an answer of %s', async (_name, body) => {
    gateway.fail('/auth/token', { status: 200, body });
    await expect(client.signIn({ email, password })).rejects.toMatchObject({ code: 'SP_CLIENT_ANSWER_INVALID' });
  });

  it('sends the password to no other address', async () => {
    gateway.fail('/auth/token', { status: 307, headers: { location: `${gateway.origin}/elsewhere` } });
    await expect(client.signIn({ email, password })).rejects.toMatchObject({ code: 'SP_CLIENT_UNAVAILABLE' });
    expect(gateway.count('/elsewhere')).toBe(0);
  });

  it('ends with an abort, before and while it is under way', async () => {
    const reason = new Error('left the page');
    const options = { email, password, signal: AbortSignal.abort(reason) };
    await expect(client.signIn(options)).rejects.toBe(reason);
    expect(gateway.seen).toEqual([]);
    gateway.fail('/auth/token', 'hangs');
    const leaving = new AbortController();
    const signingIn = client.signIn({ email, password, signal: leaving.signal });
    await expect.poll(() => gateway.count('/auth/token'), patience).toBe(1);
    leaving.abort(reason);
    await expect(signingIn).rejects.toBe(reason);
  });

  it('ends the sign-in before it, which no program could use any more', async () => {
    await client.signIn({ email, password });
    await client.signIn({ email, password });
    expect(gateway.families).toBe(1);
    gateway.refuseAccessTokens();
    expect((await client.fetch('/api/products')).status).toBe(200);
  });
});

describe('signing out', () => {
  it('ends the sign-in at the gateway, and every call here from that moment', async () => {
    await client.signIn({ email, password });
    const changes: unknown[] = [];
    client.subscribe((change) => changes.push(change));
    const signingOut = client.signOut();
    await expect(client.fetch('/api/products')).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    await signingOut;
    expect(gateway.families).toBe(0);
    expect(changes).toEqual([{ status: 'signed-out', reason: 'signed-out' }]);
    expect(gateway.count('/api/products')).toBe(0);
  });

  it('holds here when the gateway cannot be told, which is reported', async () => {
    const storage = createMemoryStorage();
    client = createClient({ gateway: gateway.origin, storage });
    await client.signIn({ email, password });
    gateway.fail('/auth/token/revoke', { status: 503, headers: { 'retry-after': '1' }, body: '{}' });
    await expect(client.signOut()).rejects.toMatchObject({ code: 'SP_CLIENT_UNAVAILABLE', status: 503 });
    expect(storage.read()).toBeUndefined();
    expect(client.status).toBe('signed-out');
  });

  it('is not undone by a refresh that was under way', async () => {
    await client.signIn({ email, password });
    gateway.refuseAccessTokens();
    const release = gateway.holdRefreshes();
    const call = client.fetch('/api/products');
    await expect.poll(() => gateway.count('/auth/token/refresh'), patience).toBe(1);
    const signingOut = client.signOut();
    release();
    await expect(call).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
    await signingOut;
    expect([client.status, gateway.families]).toEqual(['signed-out', 0]);
    await expect(client.fetch('/api/products')).rejects.toMatchObject({ code: 'SP_CLIENT_SIGNED_OUT' });
  });

  it('asks the gateway nothing where no one is signed in', async () => {
    await client.signOut();
    expect(gateway.seen).toEqual([]);
  });
});

describe('a storage', () => {
  it('brings a sign-in back', async () => {
    const storage = createMemoryStorage();
    await createClient({ gateway: gateway.origin, storage }).signIn({ email, password });
    client = createClient({ gateway: gateway.origin, storage });
    expect([await client.restore(), client.status]).toEqual(['signed-in', 'signed-in']);
    expect((await client.fetch('/api/products')).status).toBe(200);
    expect(gateway.rotations).toBe(1);
  });

  it('that is empty has no one signed in', async () => {
    expect([await client.restore(), client.status]).toEqual(['signed-out', 'signed-out']);
  });

  it('that cannot be read is reported, and asks for no password', async () => {
    const storage = { ...createMemoryStorage(), read: () => Promise.reject(new Error('locked')) };
    client = createClient({ gateway: gateway.origin, storage });
    for (const ask of [() => client.restore(), () => client.fetch('/api/products')])
      await expect(ask()).rejects.toMatchObject({ code: 'SP_CLIENT_STORAGE_FAILED' });
    expect(client.status).toBe('unknown');
  });

  it('that cannot be written is reported once, and the sign-in goes on here', async () => {
    const memory = createMemoryStorage();
    let isFull = false;
    const write = (token: string): void => {
      if (isFull) throw new Error('full');
      void memory.write(token);
    };
    client = createClient({ gateway: gateway.origin, storage: { ...memory, write } });
    await client.signIn({ email, password });
    isFull = true;
    for (let turn = 0; turn < 3; turn++) {
      gateway.refuseAccessTokens();
      await expect(client.fetch('/api/products')).rejects.toMatchObject({ code: 'SP_CLIENT_STORAGE_FAILED' });
      expect((await client.fetch('/api/products')).status).toBe(200);
    }
    isFull = false;
    gateway.refuseAccessTokens();
    expect((await client.fetch('/api/products')).status).toBe(200);
    expect(memory.read()).toBe('rt.f1.4');
  });
});

describe('the options', () => {
  const good = { gateway: 'https://app.example.test' };

  it.each<{ readonly name: string; readonly options: ClientOptions }>([
    { name: 'an origin', options: good },
    { name: 'http on this machine', options: { gateway: 'http://localhost:3000' } },
    { name: 'http on this machine by number', options: { gateway: 'http://[::1]:3000' } },
    {
      name: 'http elsewhere by an option',
      options: { gateway: 'http://10.0.2.2:3000', allowInsecureHttpForLocalTests: true },
    },
  ])('may be $name', ({ options }) => {
    expect(() => createClient(options)).not.toThrow();
  });

  it.each([
    { name: 'http elsewhere', options: { gateway: 'http://app.example.test' } },
    { name: 'a host that looks like this machine', options: { gateway: 'http://localhost.evil.test' } },
    { name: 'a number that is none', options: { gateway: 'http://127.0.0.1.evil.test' } },
    { name: 'a path', options: { gateway: 'https://app.example.test/api' } },
    { name: 'a query', options: { gateway: 'https://app.example.test/?a' } },
    { name: 'a user', options: { gateway: 'https://ada@app.example.test' } },
    { name: 'a scheme that is none', options: { gateway: 'file:///etc' } },
    { name: 'no address', options: { gateway: 'app.example.test' } },
    { name: 'nothing', options: { gateway: undefined as unknown as string } },
    { name: 'every origin', options: { ...good, origins: ['*'] } },
    { name: 'an origin over http', options: { ...good, origins: ['http://cdn.example.test'] } },
    { name: 'a device of two lines', options: { ...good, device: 'a\nb' } },
    { name: 'a device without a name', options: { ...good, device: ' ' } },
    { name: 'a device of a page', options: { ...good, device: 'x'.repeat(101) } },
    { name: 'no time for a refresh', options: { ...good, refreshTimeoutMilliseconds: 0 } },
  ])('are refused with $name', ({ options }) => {
    expect(() => createClient(options)).toThrow(
      expect.objectContaining({ code: 'SP_CLIENT_OPTIONS_INVALID' }) as Error,
    );
  });
});
