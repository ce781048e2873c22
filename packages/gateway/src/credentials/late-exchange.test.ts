import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

interface Claims {
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
}

/** From when a token was issued. */
const exchangeSeconds = 300;

let now = new Date('2030-01-01T00:00:00.250Z');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => now,
    moreRoutes: [
      { name: 'billing', prefix: '/billing', callers: ['shell', 'api', 'billing'] },
      { name: 'search', prefix: '/search', access: 'optional', callers: ['shell', 'api'] },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const call = (target: string, authorization: string, method = 'GET'): Promise<RawAnswer> =>
  request(gateway.internalPort, method, target, {
    Host: `127.0.0.1:${gateway.internalPort}`,
    Authorization: authorization,
  });

const pass = (seconds: number): void => void (now = new Date(now.getTime() + seconds * 1000));

function lastToken(): string {
  return String(gateway.upstream.seen.at(-1)?.headers['authorization']);
}

function claimsOf(authorization: string): Claims {
  return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

async function tokenOf(path: string, session: string): Promise<string> {
  expect((await gateway.send('GET', path, cookie(session))).status).toBe(200);
  return lastToken();
}

describe('an action of a zone that takes longer than its token', () => {
  it('is begun with a token that is 29 seconds old, and calls a service 35 seconds later', async () => {
    const session = gateway.sessions.add();
    const first = await tokenOf('/page', session);
    pass(29);
    const handedOut = await tokenOf('/page', session);
    expect(handedOut).toBe(first);
    pass(35);
    expect((await call('/api/x', handedOut)).status).toBe(200);
    const made = claimsOf(lastToken());
    expect(made.aud).toBe('api');
    expect(made.exp).toBeLessThanOrEqual(claimsOf(handedOut).iat + exchangeSeconds);
  });

  it('calls services until five minutes after its token was issued, and not a second longer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 800 }), fc.constantFrom('/api/x', '/search/x'), async (age, path) => {
        const authorization = await tokenOf('/page', gateway.sessions.add());
        pass(age);
        const { iat, exp } = claimsOf(authorization);
        const answer = await call(path, authorization);
        if (now.getTime() >= (iat + exchangeSeconds) * 1000) {
          expect(answer.status).toBe(401);
          expect(answer.body).toContain('SP_TOKEN_EXPIRED');
          return;
        }
        expect(answer.status).toBe(200);
        const made = claimsOf(lastToken());
        expect(made.exp).toBeGreaterThan(made.iat);
        expect(made.exp - made.iat).toBeLessThanOrEqual(60);
        expect(made.exp).toBeLessThanOrEqual(now.getTime() < exp * 1000 ? exp : iat + exchangeSeconds);
      }),
      {
        numRuns: 120,
        examples: [
          [59, '/api/x'],
          [60, '/api/x'],
          [299, '/api/x'],
          [300, '/api/x'],
          [301, '/search/x'],
        ],
      },
    );
  });
});

describe('a token of a zone beyond its end', () => {
  it('is refused at once when its session ended, though no revocation was heard', async () => {
    const session = gateway.sessions.add();
    const authorization = await tokenOf('/page', session);
    expect((await call('/api/x', authorization)).status).toBe(200);
    gateway.sessions.remove(session);
    pass(61);
    for (const path of ['/api/x', '/search/x']) expect((await call(path, authorization)).status).toBe(401);
  });

  it.each([
    ['of the session', { session: 2, user: 1, policy: 1 }],
    ['of the user', { session: 1, user: 2, policy: 1 }],
    ['of all roles', { session: 1, user: 1, policy: 2 }],
  ])('changes nothing when the authority %s changed', async (_whose, generation) => {
    const session = gateway.sessions.add();
    const authorization = await tokenOf('/page', session);
    expect((await call('/api/x', authorization)).status).toBe(200);
    gateway.sessions.change(session, { generation });
    pass(61);
    expect((await call('/api/x', authorization, 'POST')).status).toBe(503);
  });

  it('is refused when the session of its user is idle for too long', async () => {
    const session = gateway.sessions.add({}, { idleExpiresAt: new Date(now.getTime() + 90_000), idleSeconds: 90 });
    const authorization = await tokenOf('/page', session);
    pass(91);
    expect((await call('/api/x', authorization)).status).toBe(401);
  });

  it('reads the session from the store each time', async () => {
    const authorization = await tokenOf('/page', gateway.sessions.add());
    pass(61);
    const { reads } = gateway.sessions;
    for (let count = 0; count < 3; count += 1) expect((await call('/api/x', authorization)).status).toBe(200);
    expect(gateway.sessions.reads - reads).toBe(3);
  });

  it('gives the target no longer life by being presented again and again', async () => {
    const authorization = await tokenOf('/page', gateway.sessions.add());
    const { iat } = claimsOf(authorization);
    for (let seconds = 0; seconds < 300; seconds += 50) {
      expect((await call('/billing/x', authorization)).status).toBe(200);
      expect(claimsOf(lastToken()).exp).toBeLessThanOrEqual(iat + exchangeSeconds);
      pass(50);
    }
  });
});

describe('beyond its end', () => {
  it('the token of a service is exchanged for nothing', async () => {
    const authorization = await tokenOf('/api/x', gateway.sessions.add());
    pass(60);
    const answer = await call('/billing/x', authorization);
    expect(answer.status).toBe(401);
    expect(answer.body).toContain('SP_TOKEN_EXPIRED');
  });

  it('what was made from a late token is exchanged for nothing', async () => {
    const authorization = await tokenOf('/page', gateway.sessions.add());
    pass(61);
    expect((await call('/billing/x', authorization)).status).toBe(200);
    const made = lastToken();
    pass(60);
    expect((await call('/billing/x', authorization)).status).toBe(200);
    expect((await call('/api/x', made)).status).toBe(401);
  });

  it('a token of a zone that names an actor is exchanged for nothing', async () => {
    const genuine = claimsOf(await tokenOf('/page', gateway.sessions.add()));
    const acted = gateway.keyRing.sign('internal', 'at+jwt', { ...genuine, act: { sub: 'api' } });
    expect((await call('/billing/x', `Bearer ${acted}`)).status).toBe(200);
    pass(60);
    expect((await call('/billing/x', `Bearer ${acted}`)).status).toBe(401);
  });

  it('no token is taken at the public listener', async () => {
    const authorization = await tokenOf('/page', gateway.sessions.add());
    pass(61);
    expect((await gateway.send('GET', '/api/x', { Authorization: authorization })).status).toBe(401);
  });
});
