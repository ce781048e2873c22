import { OptionsError, SallyportError, type Authenticator, type InternalTokenClaims } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeys, type TestKeys } from '../test-support/test-keys.ts';

const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none' };

/** A second kind, which reads `Authorization`. */
const spoken: Authenticator = {
  kind: 'bearer',
  recognize: ({ header, value }) => (header === 'authorization' && value.startsWith('Spoken ') ? value : undefined),
  authenticate: () => ({ kind: 'rejected', code: 'SP_TOKEN_EXPIRED', reason: 'word-expired' }),
  recheck: async () => null,
};

let time: number;
let keys: TestKeys;
let gateway: TestGateway;
let alice: string;
let handled: string[];
beforeAll(async () => {
  time = Date.parse('2026-01-01T00:00:00Z');
  const now = (): Date => new Date(time);
  keys = createTestKeys(now);
  gateway = await startTestGateway({
    now,
    authenticators: [keys.authenticator, spoken],
    mounts: [
      {
        name: 'auth',
        prefix: '/auth',
        access: 'optional',
        slide: false,
        handle: (_, response, { caller }) => {
          handled.push(caller.kind);
          response.end();
        },
      },
    ],
    moreRoutes: [
      {
        name: 'both',
        prefix: '/both',
        credentials: ['session', 'api-key', 'bearer'],
        permissions: ['product:*'],
        profile: true,
      },
      { name: 'programs', prefix: '/keys', credentials: ['api-key'] },
      { name: 'maybe', prefix: '/maybe', access: 'optional', credentials: ['session', 'api-key'] },
      { name: 'machines', prefix: '/machines', access: 'service', credentials: ['api-key'] },
    ],
  });
  alice = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.reset();
  keys.beforeAnswer = async () => {};
  handled = [];
});

const withKey = (key: string): { readonly 'X-Test-Key': string } => ({ 'X-Test-Key': key });

function claimsSeen(): InternalTokenClaims {
  const token = String(gateway.upstream.seen.at(-1)?.headers['authorization']).slice('Bearer '.length);
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as InternalTokenClaims;
}

async function expectRefused(answer: ReturnType<TestGateway['send']>, status: number, code: string): Promise<void> {
  const { status: got, body, headers } = await answer;
  expect({ got, code: (JSON.parse(body) as { readonly code: string }).code }).toEqual({ got: status, code });
  expect(headers['set-cookie']).toBeUndefined();
  expect(gateway.upstream.started).toBe(0);
}

describe('a credential of a feature', () => {
  it('becomes the token of the upstream, which never sees the credential', async () => {
    const key = keys.add();
    expect((await gateway.send('GET', '/both/x', withKey(key))).status).toBe(200);
    expect(claimsSeen()).toMatchObject({
      iss: 'https://app.test/internal',
      aud: 'both',
      sub: 'alice',
      client_id: keys.idOf(key),
      cred: 'api-key',
      scope: 'product:read',
    });
    expect(claimsSeen()).not.toHaveProperty('sid');
    expect(JSON.stringify(gateway.upstream.seen)).not.toContain(key);
  });

  it('changes things without the token that a cookie needs, unless a page of another site sends it', async () => {
    const key = keys.add();
    expect((await gateway.send('POST', '/both/x', withKey(key), 'a=1')).status).toBe(200);
    gateway.upstream.reset();
    for (const source of [{ Origin: 'https://evil.test' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      await expectRefused(
        gateway.send('POST', '/both/x', { ...withKey(key), ...source }, 'a=1'),
        403,
        'SP_CROSS_SITE_REQUEST',
      );
    }
    await expectRefused(gateway.send('POST', '/both/x', cookie(alice), 'a=1'), 403, 'SP_CROSS_SITE_REQUEST');
  });

  it('has the permissions of its own, also beside another one of the same user and client', async () => {
    const clientId = 'client';
    const weak = keys.add({ clientId });
    const strong = keys.add({ clientId, permissions: ['product:read', 'product:delete'] });
    const scopes: unknown[] = [];
    for (const key of [strong, weak, strong, weak]) {
      await gateway.send('GET', '/both/x', withKey(key));
      scopes.push(claimsSeen().scope);
    }
    expect(scopes).toEqual([
      'product:read product:delete',
      'product:read',
      'product:read product:delete',
      'product:read',
    ]);
  });

  it('of a service passes where only services do', async () => {
    expect((await gateway.send('GET', '/machines/x', withKey(keys.add({ kind: 'service', id: 'cron' })))).status).toBe(
      200,
    );
    expect(claimsSeen()).toMatchObject({ sub: 'cron', sub_type: 'service' });
    gateway.upstream.reset();
    await expectRefused(gateway.send('GET', '/machines/x', withKey(keys.add())), 403, 'SP_FORBIDDEN');
    await expectRefused(gateway.send('GET', '/machines/x', cookie(alice)), 401, 'SP_UNAUTHENTICATED');
  });

  it.each([
    ['that is unknown', () => `test_${'0'.repeat(32)}`, '/both/x'],
    ['that is unknown, where access is optional', () => `test_${'0'.repeat(32)}`, '/maybe/x'],
    ['of another form', () => 'made-up', '/maybe/x'],
    ['that is empty', () => '', '/maybe/x'],
    ['that is oversized', () => `test_${'0'.repeat(8200)}`, '/both/x'],
    ['whose time is over', () => keys.add({}, { expiresAt: new Date(time) }), '/both/x'],
    ['on a route that does not open its kind', () => keys.add(), '/api/x'],
    ['on a route with optional access that does not open its kind', () => keys.add(), '/page'],
  ])('%s is answered 401', async (_name, key, target) => {
    await expectRefused(gateway.send('GET', target, withKey(key())), 401, 'SP_UNAUTHENTICATED');
  });

  it('that is oversized or not accepted on a route costs no read', async () => {
    const { reads } = keys;
    await gateway.send('GET', '/both/x', withKey(`test_${'0'.repeat(8200)}`));
    await gateway.send('GET', '/api/x', withKey(keys.add()));
    expect(keys.reads).toBe(reads);
  });

  it('is no way to the account: a mount takes sessions alone', async () => {
    await expectRefused(gateway.send('POST', '/auth/sign-out', withKey(keys.add())), 401, 'SP_UNAUTHENTICATED');
    expect(handled).toEqual([]);
  });

  it('is refused with the code that its authenticator says', async () => {
    const answer = await gateway.send('GET', '/both/x', { Authorization: 'Spoken word' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
  });

  it('that every authenticator passes on is refused', async () => {
    for (const Authorization of ['Bearer x.y.z', 'Bearer', 'DPoP x'])
      await expectRefused(gateway.send('GET', '/maybe/x', { Authorization }), 401, 'SP_TOKEN_INVALID');
  });

  it.each([
    ['rejects with an error of its own', () => Promise.reject(new Error('connection refused'))],
    ['rejects as if the credential were bad', () => Promise.reject(new SallyportError('SP_TOKEN_INVALID'))],
    [
      'throws',
      () => {
        throw new TypeError('not a promise');
      },
    ],
  ])('is answered 503 while its store %s', async (_name, beforeAnswer) => {
    const key = keys.add();
    keys.beforeAnswer = beforeAnswer;
    const answer = gateway.send('GET', '/both/x', withKey(key));
    await expectRefused(answer, 503, 'SP_STORE_UNAVAILABLE');
    expect((await answer).headers).toHaveProperty('retry-after');
    expect((await gateway.send('GET', '/both/x', cookie(alice))).status).toBe(200);
  });

  it('of another kind than declared is a bug, and no caller', async () => {
    await expectRefused(
      gateway.send('GET', '/both/x', withKey(keys.add({ credential: 'session' }))),
      500,
      'SP_INTERNAL',
    );
  });

  it('goes to no upstream where no identity is carried either, in any spelling', async () => {
    const sent = { ...withKey('anything'), X_Test_Key: 'anything', 'X.Test.Key': 'anything', 'x-test-keys': 'other' };
    expect((await gateway.send('GET', '/public/x', sent)).status).toBe(200);
    const names = gateway.upstream.seen[0]?.rawHeaders.filter((name) => /x.?test/i.test(name));
    expect(names).toEqual(['x-test-keys']);
  });

  it('counts for nothing at the internal listener', async () => {
    const inside = { Host: `127.0.0.1:${gateway.internalPort}` };
    await gateway.send('GET', '/page', cookie(alice));
    const Authorization = String(gateway.upstream.seen.at(-1)?.headers['authorization']);
    gateway.upstream.reset();
    const call = (headers: Readonly<Record<string, string>>): ReturnType<typeof request> =>
      request(gateway.internalPort, 'GET', '/maybe/x', { ...inside, ...headers });
    await expectRefused(call(withKey(keys.add())), 401, 'SP_UNAUTHENTICATED');
    await expectRefused(call({ ...withKey(keys.add()), Authorization }), 400, 'SP_CREDENTIALS_CONFLICT');
    expect((await call({ Authorization })).status).toBe(200);
  });

  it('is explained by its handle', async () => {
    const key = keys.add();
    const explanation = await gateway.gateway.explain({
      method: 'GET',
      target: '/both/x',
      headers: ['X-Test-Key', key],
    });
    expect(explanation.decision).toBe('forward');
    const { facts } = explanation.stages.find(({ stage }) => stage === 'authenticate') ?? { facts: [] };
    expect(facts).toContainEqual({ name: 'presented', value: 'x-test-key' });
    expect(facts).toContainEqual({ name: 'credential', value: `api-key ${keys.idOf(key)}` });
    expect(JSON.stringify(explanation)).not.toContain(key);
  });
});

describe('two credentials at once', () => {
  it.each<[string, () => Readonly<Record<string, string>>]>([
    ['a session and a key', () => ({ ...cookie(alice), ...withKey(keys.add()) })],
    ['a dead session and a key', () => ({ ...cookie('x'.repeat(43)), ...withKey(keys.add()) })],
    ['a malformed session and a key', () => ({ ...cookie('x'), ...withKey(keys.add()) })],
    ['a session and another Authorization', () => ({ ...cookie(alice), Authorization: 'Spoken word' })],
    ['a key and another Authorization', () => ({ ...withKey(keys.add()), Authorization: 'Spoken word' })],
    ['a key twice', () => ({ 'X-Test-Key': keys.add(), 'x-test-key': keys.add() })],
    ['one key twice', () => ({ 'X-Test-Key': 'test_0', 'x-test-key': 'test_0' })],
  ])('are refused: %s', async (_name, headers) => {
    for (const target of ['/both/x', '/keys/x', '/maybe/x'])
      await expectRefused(gateway.send('GET', target, headers()), 400, 'SP_CREDENTIALS_CONFLICT');
  });

  it('are refused before anything is read', async () => {
    const { reads } = keys;
    const sessionReads = gateway.sessions.reads;
    await gateway.send('GET', '/both/x', { ...cookie(gateway.sessions.add()), ...withKey(keys.add()) });
    expect([keys.reads, gateway.sessions.reads]).toEqual([reads, sessionReads]);
  });
});

describe('a route that accepts keys alone', () => {
  it('takes a session for none, and sends no client to sign in', async () => {
    const { reads } = gateway.sessions;
    await expectRefused(gateway.send('GET', '/keys/x', cookie(gateway.sessions.add())), 401, 'SP_UNAUTHENTICATED');
    for (const headers of [navigation, { ...cookie(alice), ...navigation }])
      expect((await gateway.send('GET', '/keys/x', headers)).status).toBe(401);
    expect(gateway.sessions.reads).toBe(reads);
    expect((await gateway.send('GET', '/keys/x', withKey(keys.add()))).status).toBe(200);
  });
});

describe('a gateway', () => {
  const { authenticator } = createTestKeys();
  it.each<[string, readonly Authenticator[], string]>([
    ['two authenticators of one kind', [authenticator, { ...authenticator, headers: [] }], 'recognize one kind'],
    ['two that read one header', [authenticator, { ...authenticator, kind: 'opaque' }], 'read one header'],
    ['one for sessions', [{ ...authenticator, kind: 'session' }], 'by the gateway itself'],
    ['one that reads cookies', [{ ...authenticator, headers: ['cookie'] }], 'the header "cookie"'],
    ['one that reads Authorization as a header', [{ ...authenticator, headers: ['authorization'] }], 'another meaning'],
    ['a header in capitals', [{ ...authenticator, headers: ['X-Key'] }], 'lower case'],
  ])('is not built with %s', async (_name, authenticators, message) => {
    const building = startTestGateway({ authenticators });
    await expect(building).rejects.toThrow(OptionsError);
    await expect(building).rejects.toThrow(message);
  });

  it.each([
    ['opens a kind that nothing recognizes', { credentials: ['mtls'] as const }, 'which no feature recognizes'],
    ['opens a kind and never knows its caller', { access: 'public', credentials: ['api-key'] as const }, 'never knows'],
  ] as const)('is not built with a route that %s', async (_name, change, message) => {
    const moreRoutes = [{ name: 'odd', prefix: '/odd', ...change, credentials: [...change.credentials] }];
    await expect(startTestGateway({ authenticators: [authenticator], moreRoutes })).rejects.toThrow(message);
  });
});
