import { createLocalKeySource, createRemoteKeySource, createTokenVerifier, type TokenVerifier } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestIssuer, type TestIssuer } from './test-issuer.ts';
import type { KeyEndpointBehaviour, TestKeyEndpoint } from './test-key-endpoint.ts';

const roles = { vendor: ['product:read', 'product:create'] };

function createVerifier(issuer: TestIssuer): TokenVerifier {
  return createTokenVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    keys: createLocalKeySource(issuer.jwks()),
  });
}

describe('a test issuer', () => {
  it('signs tokens that a real verifier accepts', async () => {
    const issuer = createTestIssuer({ roles });
    expect(await createVerifier(issuer).verify(issuer.tokenFor('vendor', { sub: 'vendor-7' }))).toMatchObject({
      id: 'vendor-7',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create'],
    });
  });

  it('issues a token of the caller that is described', async () => {
    const issuer = createTestIssuer({ roles });
    const authTime = new Date(Math.floor(Date.now() / 1000) * 1000 - 600_000);
    const token = issuer.issueToken({
      id: 'vendor-7',
      roles: ['vendor'],
      org: 'acme',
      acr: 'mfa',
      authTime,
      actor: 'portal',
      profile: { name: 'Ada', email: 'ada@example.com' },
    });
    expect(await createVerifier(issuer).verify(token)).toMatchObject({
      kind: 'user',
      id: 'vendor-7',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create'],
      org: 'acme',
      acr: 'mfa',
      authTime,
      actor: { id: 'portal' },
      profile: { name: 'Ada', email: 'ada@example.com' },
      credential: 'session',
    });
  });

  it('issues a token of an ordinary user unless it is told more', async () => {
    const issuer = createTestIssuer({ roles });
    expect(await createVerifier(issuer).verify(issuer.issueToken())).toMatchObject({
      id: 'user-1',
      roles: [],
      permissions: [],
    });
  });

  it('takes the caller with an API key for a service', async () => {
    const issuer = createTestIssuer();
    const token = issuer.issueToken({ id: 'reports', credential: 'api-key', permissions: ['product:read'] });
    expect(await createVerifier(issuer).verify(token)).toMatchObject({
      kind: 'service',
      credential: 'api-key',
      permissions: ['product:read'],
    });
  });

  it.each([{ expiresInSeconds: 0 }, { expiresInSeconds: -30 }])(
    'issues a token that has expired: %j',
    async (caller) => {
      const issuer = createTestIssuer();
      const verifier = createTokenVerifier({
        issuer: issuer.issuer,
        audience: issuer.audience,
        keys: createLocalKeySource(issuer.jwks()),
        clockToleranceSeconds: 0,
      });
      await expect(verifier.verify(issuer.issueToken(caller))).rejects.toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
    },
  );

  it.each(['vendro', 'constructor'])('issues no token for the role %s, which it does not know', (role) => {
    expect(() => createTestIssuer({ roles }).issueToken({ roles: [role] })).toThrow(TypeError);
  });

  it('publishes no private key', () => {
    const [key] = createTestIssuer().jwks().keys;
    expect(Object.keys(key ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('refuses a role that it does not know, rather than making a token without permissions', () => {
    expect(() => createTestIssuer({ roles }).tokenFor('vendro')).toThrow(TypeError);
  });

  it('gives a caller of an organization the permissions of both kinds of roles', async () => {
    const issuer = createTestIssuer({ roles, organizationRoles: { owner: ['bill:read'] } });
    const token = issuer.issueToken({ roles: ['vendor'], org: 'acme', orgRoles: ['owner'] });
    expect(await createVerifier(issuer).verify(token)).toMatchObject({
      org: 'acme',
      orgRoles: ['owner'],
      permissions: ['product:read', 'product:create', 'bill:read'],
    });
  });

  it.each([
    { name: 'roles inside no organization', caller: { orgRoles: ['owner'] } },
    { name: 'a role inside it that it does not know', caller: { org: 'acme', orgRoles: ['onwer'] } },
  ])('refuses $name', ({ caller }) => {
    const issuer = createTestIssuer({ organizationRoles: { owner: [] } });
    expect(() => issuer.issueToken(caller)).toThrow(TypeError);
  });

  it('leaves out a claim that is changed to undefined', async () => {
    const issuer = createTestIssuer();
    await expect(createVerifier(issuer).verify(issuer.sign({ jti: undefined }))).rejects.toMatchObject({
      code: 'SP_TOKEN_INVALID',
    });
  });

  it('is not believed by a verifier of another test issuer', async () => {
    await expect(createVerifier(createTestIssuer()).verify(createTestIssuer().sign())).rejects.toMatchObject({
      code: 'SP_TOKEN_INVALID',
    });
  });

  it.each([
    { name: 'keeps', forgetOld: false, outcome: 'accepted' },
    { name: 'forgets', forgetOld: true, outcome: 'SP_TOKEN_INVALID' },
  ])('$name old keys when it rotates', async ({ forgetOld, outcome }) => {
    const issuer = createTestIssuer();
    const old = issuer.sign();
    issuer.rotate({ forgetOld });
    const verifier = createVerifier(issuer);
    const seen = await verifier.verify(old).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    expect(seen).toBe(outcome);
    await expect(verifier.verify(issuer.sign())).resolves.toMatchObject({ id: 'user-1' });
  });
});

describe('its key endpoint', () => {
  const issuer = createTestIssuer();
  let endpoint: TestKeyEndpoint;

  beforeEach(async () => {
    endpoint = await issuer.listen();
  });
  afterEach(() => endpoint.close());

  const verify = (timeoutMilliseconds = 3000): Promise<string> =>
    createTokenVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      keys: createRemoteKeySource({ url: endpoint.url, timeoutMilliseconds }),
    })
      .verify(issuer.sign())
      .then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );

  it('serves the keys and counts', async () => {
    expect(await verify()).toBe('accepted');
    expect(endpoint.requestCount()).toBe(1);
  });

  it.each<KeyEndpointBehaviour>(['down', 'unreachable', 'slow', 'garbage', 'web-page', 'empty', 'redirect', 'huge'])(
    'is of no use while it is %s, and recovers',
    async (behaviour) => {
      endpoint.behave(behaviour);
      expect(await verify(behaviour === 'slow' ? 200 : 3000)).toBe('SP_KEYS_UNAVAILABLE');
      endpoint.behave('good');
      expect(await verify()).toBe('accepted');
    },
  );
});
