import { createLocalKeySource, createTokenVerifier } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { createTestKeyRing } from '../test-support/test-key-ring.ts';

let gateway: TestGateway;
let handled = 0;
beforeAll(async () => {
  gateway = await startTestGateway({
    mounts: [{ name: 'auth', prefix: '/auth', access: 'public', slide: false, handle: () => void handled++ }],
    moreRoutes: [{ name: 'service', prefix: '/service', access: 'service' }],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const call = (target: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<RawAnswer> =>
  request(gateway.internalPort, method, target, { Host: `127.0.0.1:${gateway.internalPort}`, ...headers });

/** The header that a zone got for a user, as it would pass it on. */
async function zoneToken(token: string): Promise<string> {
  await gateway.send('GET', '/page', cookie(token));
  const authorization = String(gateway.upstream.seen.at(-1)?.headers['authorization']);
  gateway.upstream.reset();
  return authorization;
}

describe('the keys', () => {
  it('are the same on both listeners, and verify what services receive', async () => {
    const answers = [
      await call('/internal/.well-known/jwks.json'),
      await gateway.send('GET', '/internal/.well-known/jwks.json'),
    ];
    const [inside, outside] = answers.map(({ body }) => body);
    expect(inside).toEqual(outside);
    expect(inside).not.toContain('"d"');
    expect(inside).toBe(JSON.stringify(gateway.keyRing.publicKeys('internal')));
    const { verify } = createTokenVerifier({
      issuer: 'https://app.test/internal',
      audience: 'shell',
      keys: createLocalKeySource(gateway.keyRing.publicKeys('internal')),
    });
    const authorization = await zoneToken(gateway.sessions.add());
    await expect(verify(authorization.slice(7))).resolves.toMatchObject({ kind: 'user', id: 'alice' });
  });
});

describe('a zone that calls a service for its user', () => {
  it('gets through as that user, with itself as the actor', async () => {
    const authorization = await zoneToken(gateway.sessions.add());
    const answer = await call('/api/x', { Authorization: authorization }, 'POST');
    expect(answer.status).toBe(200);
    const first = String(gateway.upstream.seen[0]?.headers['authorization']);
    expect(claimsOf(first)).toMatchObject({ aud: 'api', sub: 'alice', scope: 'product:read', act: { sub: 'shell' } });
    expect(gateway.upstream.seen[0]?.headers).toMatchObject({ host: 'app.test', 'x-forwarded-host': 'app.test' });
    await call('/events', { Authorization: first });
    const second = String(gateway.upstream.seen[1]?.headers['authorization']);
    expect(claimsOf(second)).toMatchObject({ aud: 'events', act: { sub: 'api', act: { sub: 'shell' } } });
  });

  it('costs one signature and one read for many calls', async () => {
    const authorization = await zoneToken(gateway.sessions.add());
    const { signatureCount } = gateway.keyRing;
    const { reads } = gateway.sessions;
    await Promise.all(Array.from({ length: 20 }, () => call('/api/x', { Authorization: authorization })));
    expect(gateway.keyRing.signatureCount - signatureCount).toBe(1);
    expect(gateway.sessions.reads - reads).toBe(1);
  });

  it('may use routes for services', async () => {
    const authorization = await zoneToken(gateway.sessions.add());
    expect((await call('/service', { Authorization: authorization })).status).toBe(200);
  });

  it('gains nothing that the user does not have', async () => {
    const authorization = await zoneToken(gateway.sessions.add());
    expect((await call('/admin/x', { Authorization: authorization })).status).toBe(403);
  });

  it('does not keep the session alive', async () => {
    const token = gateway.sessions.add({}, { idleExpiresAt: new Date(Date.now() + 60_000) });
    const authorization = await zoneToken(token);
    const before = gateway.sessions.activity.length;
    await call('/api/x', { Authorization: authorization });
    expect(gateway.sessions.activity).toHaveLength(before);
  });

  it('is refused once the session ended', async () => {
    const token = gateway.sessions.add();
    const authorization = await zoneToken(token);
    expect((await call('/api/x', { Authorization: authorization })).status).toBe(200);
    const sid = gateway.sessions.sidOf(token);
    gateway.sessions.remove(token);
    await gateway.bus.revoke('session', sid);
    expect((await call('/api/x', { Authorization: authorization })).status).toBe(401);
  });

  describe('whose authority changed meanwhile', () => {
    /** A token that was made before the change, and the same session behind it. */
    const changed = async (change: Parameters<TestGateway['sessions']['change']>[1]): Promise<string> => {
      const token = gateway.sessions.add({ id: 'carol', roles: ['user', 'vendor'] });
      const authorization = await zoneToken(token);
      expect((await call('/api/x', { Authorization: authorization })).status).toBe(200);
      gateway.sessions.change(token, change);
      await gateway.bus.revoke('user', 'carol');
      gateway.upstream.reset();
      return authorization;
    };
    const ofUser = { session: 1, user: 2, policy: 1 };
    const ofRoles = { session: 1, user: 1, policy: 2 };

    it.each([
      ['of the user', ofUser],
      ['of all roles', ofRoles],
    ])('reads with what the token and the session both have: %s', async (_whose, generation) => {
      const authorization = await changed({ generation, roles: ['user', 'admin'], permissions: ['user:read'] });
      expect((await call('/api/x', { Authorization: authorization })).status).toBe(200);
      const made = claimsOf(String(gateway.upstream.seen[0]?.headers['authorization']));
      expect(made).toMatchObject({ roles: ['user'], scope: '', gen: { u: generation.user, p: generation.policy } });
      expect((await call('/admin/x', { Authorization: authorization })).status).toBe(403);
    });

    it.each([
      ['of the user', ofUser],
      ['of all roles', ofRoles],
      ['of the session', { session: 2, user: 1, policy: 1 }],
    ])('gets 503 and never 401 where something may change: %s', async (_whose, generation) => {
      const authorization = await changed({ generation });
      const answer = await call('/api/x', { Authorization: authorization }, 'POST');
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
      expect(gateway.upstream.started).toBe(0);
    });

    it('gets 503 for a read too where the sign-in itself was raised: an older token stays below', async () => {
      const authorization = await changed({ generation: { session: 2, user: 1, policy: 1 }, acr: 'mfa' });
      expect((await call('/api/x', { Authorization: authorization })).status).toBe(503);
    });

    it('is believed when its token is newer than what the gateway remembers', async () => {
      const token = gateway.sessions.add({ id: 'dora' });
      const first = await zoneToken(token);
      expect((await call('/api/x', { Authorization: first })).status).toBe(200);
      const generation = { session: 1, user: 2, policy: 1 };
      gateway.sessions.change(token, { generation });
      const newer = gateway.keyRing.sign('internal', 'at+jwt', { ...claimsOf(first), gen: { s: 1, u: 2, p: 1 } });
      expect((await call('/api/x', { Authorization: `Bearer ${newer}` }, 'POST')).status).toBe(200);
    });

    it('is refused when its token is newer than the store', async () => {
      const genuine = claimsOf(await zoneToken(gateway.sessions.add()));
      const forged = gateway.keyRing.sign('internal', 'at+jwt', { ...genuine, gen: { s: 1, u: 9, p: 1 } });
      expect((await call('/api/x', { Authorization: `Bearer ${forged}` })).status).toBe(401);
    });
  });

  it('is told from the user who calls the same service without it', async () => {
    const token = gateway.sessions.add();
    const authorization = await zoneToken(token);
    await gateway.send('GET', '/api/x', cookie(token));
    await call('/api/x', { Authorization: authorization });
    const [direct, through] = gateway.upstream.seen.map(({ headers }) => claimsOf(String(headers['authorization'])));
    expect(direct).not.toHaveProperty('act');
    expect(through).toMatchObject({ sub: 'alice', act: { sub: 'shell' } });
  });
});

describe('the internal listener', () => {
  it.each([
    ['nothing', undefined],
    ['the cookie', 'cookie'],
    ['another scheme', 'Basic x'],
    ['rubbish', 'Bearer x.y.z'],
    ['no JWS at all', 'Bearer x'],
  ])('turns away %s', async (_name, credential) => {
    const headers =
      credential === 'cookie'
        ? cookie(gateway.sessions.add())
        : credential === undefined
          ? {}
          : { Authorization: credential };
    const answer = await call('/api/x', headers);
    expect(answer.status).toBe(401);
    expect(gateway.upstream.started).toBe(0);
  });

  it.each([
    ['signed with another key ring', { signer: createTestKeyRing() }],
    ['from another issuer', { claims: { iss: 'https://app.test' } }],
    ['for an audience without a route', { claims: { aud: 'billing' } }],
    ['of another type', { type: 'JWT' }],
    ['out of date', { claims: { iat: 1, exp: 61 } }],
    ['without a session', { claims: { sid: undefined } }],
    ['of another user’s session', { claims: { sub: 'mallory' } }],
    ['with an actor who acts for an actor, and so on', { claims: { act: chainOf(4) } }],
  ])(
    'turns away a token %s',
    async (_name, change: { signer?: TestGateway['keyRing']; type?: string; claims?: object }) => {
      const genuine = claimsOf(await zoneToken(gateway.sessions.add()));
      const signer = change.signer ?? gateway.keyRing;
      const token = signer.sign('internal', change.type ?? 'at+jwt', { ...genuine, ...change.claims });
      const answer = await call('/api/x', { Authorization: `Bearer ${token}` });
      expect(answer.status).toBe(401);
      expect(gateway.upstream.started).toBe(0);
    },
  );

  it('takes a chain of three actors, the longest of all', async () => {
    const genuine = claimsOf(await zoneToken(gateway.sessions.add()));
    const token = gateway.keyRing.sign('internal', 'at+jwt', { ...genuine, act: chainOf(3) });
    expect((await call('/api/x', { Authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it('serves no mount to any caller', async () => {
    const authorization = await zoneToken(gateway.sessions.add());
    await call('/auth/session', { Authorization: authorization });
    expect(handled).toBe(0);
    expect(gateway.upstream.seen.map((seen) => seen.target)).toEqual(['/auth/session']);
  });

  it('has the same firewall', async () => {
    expect((await call('/public/../admin')).status).toBe(400);
    expect((await call('/public/x', { Host: 'evil.test' })).status).toBe(421);
  });
});

function chainOf(actors: number): object {
  return actors === 1 ? { sub: 'a' } : { sub: 'a', act: chainOf(actors - 1) };
}

function claimsOf(authorization: string): object {
  const claims: unknown = JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString());
  if (typeof claims !== 'object' || claims === null) throw new TypeError('no claims');
  return claims;
}
