import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import { basic, getTokens, isTaken, postForm, sendRaw, type RawTokens } from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let system: ProviderSystem;
let cookie: string;
let own: RegisteredClient;
let good: RawTokens;
let stranger: { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };

type Part = Readonly<Record<string, unknown>>;

beforeAll(async () => {
  system = await startProviderSystem();
  cookie = await system.gateway.signIn('vendor');
  own = await system.register({
    trust: 'first-party',
    resources: [system.origin, 'https://other.example/'],
    backchannelLogoutUri: `${system.receiverOrigin}/logout`,
  });
  good = await getTokens(system, cookie, own, { resource: system.origin, scope: 'openid product:read' });
  stranger = await generateKeyPair('ES256', { extractable: true });
});
afterAll(() => system.close());

const headOf = (token: string): Part => partOf(token, 0);
const claimsOf = (token: string): Part => partOf(token, 1);
const partOf = (token: string, index: number): Part =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Part;
const encode = (part: Part): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** The good token with another header, other claims and another signature. */
function forge(header: Part, claims: Part, signature: string): string {
  const { access_token: token } = good;
  return `${encode({ ...headOf(token), ...header })}.${encode({ ...claimsOf(token), ...claims })}.${signature}`;
}
const signatureOf = (token: string): string => token.split('.')[2] ?? '';
async function signedByStranger(header: Part, claims: Part = {}): Promise<string> {
  const { access_token: token } = good;
  return new SignJWT({ ...claimsOf(token), ...claims })
    .setProtectedHeader({ ...headOf(token), alg: 'ES256', ...header })
    .sign(stranger.privateKey);
}
async function publicKeys(): Promise<readonly JWK[]> {
  const { json } = await sendRaw(system, '/.well-known/jwks.json');
  return (json as { readonly keys: readonly JWK[] }).keys;
}

describe('access tokens that are not good (RFC 8725)', () => {
  it('RFC8725-3.3-1: the gateway takes the token as it was given, and refuses it with one bit changed', async () => {
    expect(await isTaken(system, good.access_token)).toBe(200);
    const [head, claims, signature = ''] = good.access_token.split('.');
    for (const changed of [
      `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      `${head}.${claims}.`,
      `${head}.${claims}.${signature.slice(0, -4)}`,
      `${head}.${claims}.${'A'.repeat(86)}`,
      forge({}, { scope: 'product:read product:delete' }, signature),
      forge({}, { exp: 4_000_000_000 }, signature),
    ])
      expect(await isTaken(system, changed)).toBe(401);
  });

  it.each(['none', 'None', 'NONE', 'nOnE', ''])('RFC8725-3.2-1: the gateway refuses the algorithm %j', async (alg) => {
    expect(await isTaken(system, forge({ alg }, {}, ''))).toBe(401);
    expect(await isTaken(system, forge({ alg }, {}, signatureOf(good.access_token)))).toBe(401);
  });

  it.each(['HS256', 'HS384', 'HS512'])(
    'RFC8725-3.1-1: the gateway refuses a token that is signed with its public key as a secret, by %s',
    async (alg) => {
      for (const jwk of await publicKeys()) {
        const secret = Buffer.from(JSON.stringify(jwk));
        const token = await new SignJWT({ ...claimsOf(good.access_token) })
          .setProtectedHeader({ ...headOf(good.access_token), alg, kid: jwk.kid ?? '' })
          .sign(secret);
        expect(await isTaken(system, token)).toBe(401);
      }
    },
  );

  it.each(['ES384', 'RS256', 'PS256', 'EdDSA', 'ES256K'])(
    'RFC8725-3.1-2: the gateway takes a key with its own algorithm alone, not as %s',
    async (alg) => {
      expect(await isTaken(system, forge({ alg }, {}, signatureOf(good.access_token)))).toBe(401);
    },
  );

  it('RFC8725-3.10-1: the gateway looks for keys nowhere but in its ring, whatever a header says', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    const elsewhere = `${system.receiverOrigin}/keys`;
    for (const header of [
      {},
      { jwk },
      { jku: elsewhere },
      { x5u: elsewhere },
      { x5c: ['MIIB'] },
      { kid: 'unknown' },
      { kid: '../../etc/passwd' },
      { kid: "' OR '1'='1" },
      { kid: undefined },
      { crit: ['exp'], exp: 1 },
      { b64: false, crit: ['b64'] },
    ])
      expect(await isTaken(system, await signedByStranger(header).catch(() => forge(header, {}, 'AAAA')))).toBe(401);
    expect(system.received.filter(({ path }) => path === '/keys')).toEqual([]);
  });

  it('RFC8725-3.8-1, RFC8725-3.9-1: the gateway refuses another issuer and another audience', async () => {
    const elsewhere = await getTokens(system, cookie, own, { resource: 'https://other.example/', scope: 'openid' });
    expect(claimsOf(elsewhere.access_token)['aud']).toBe('https://other.example/');
    expect(await isTaken(system, elsewhere.access_token)).toBe(401);
    expect(await isTaken(system, await signedByStranger({}, { iss: 'https://other.example' }))).toBe(401);
  });

  it.each([
    'a',
    'a.b',
    'a.b.c.d',
    'a.b.c.d.e',
    '..',
    'null.null.null',
    'e30.e30.',
    'W10.W10.W10',
    'eyJhbGciOiJub25lIn0.e30.',
    '%00.%00.%00',
    'ä.ö.ü',
  ])('RFC8725-3.4-1: the gateway refuses the text %j as a token', async (text) => {
    const answer = await sendRaw(system, '/api/x', { headers: { authorization: `Bearer ${encodeURI(text)}` } });
    expect(answer.status).toBe(401);
  });

  it('RFC8725-3.4-2: the gateway refuses a header that is large or deep, and goes on', async () => {
    const deep = `${'{"a":'.repeat(400)}1${'}'.repeat(400)}`;
    const heads = [Buffer.from(deep).toString('base64url'), encode({ alg: 'ES256', kid: 'a'.repeat(6000) })];
    for (const head of heads) expect([400, 401, 431]).toContain(await isTaken(system, `${head}.e30.AAAA`));
    expect(await isTaken(system, good.access_token)).toBe(200);
  });

  it('RFC8725-3.5-1: the provider signs with keys of full strength, and publishes nothing of their private part', async () => {
    for (const jwk of await publicKeys()) {
      expect(['d', 'p', 'q', 'k'].filter((name) => name in jwk)).toEqual([]);
      expect(['P-256', 'Ed25519']).toContain(jwk.crv);
      expect(jwk).toMatchObject({ use: 'sig', kid: expect.any(String) as string, alg: expect.any(String) as string });
      await importJWK(jwk);
    }
  });
});

describe('tokens in the place of others (RFC 8725, sections 3.11 and 3.12)', () => {
  it('RFC8725-3.11-1: the gateway and userinfo refuse an ID token where an access token belongs', async () => {
    const { id_token: idToken } = await getTokens(system, cookie, own);
    expect(await isTaken(system, idToken)).toBe(401);
    const asked = await sendRaw(system, '/oauth2/userinfo', { headers: { authorization: `Bearer ${idToken}` } });
    expect(asked.status).toBe(401);
    for (const path of ['/oauth2/introspect', '/oauth2/token']) {
      const form = { token: idToken, grant_type: 'refresh_token', refresh_token: idToken };
      const answer = await postForm(system, path, form, basic(own));
      expect(answer.json['active'] === true || answer.json['access_token'] !== undefined).toBe(false);
    }
  });

  it('RFC8725-3.12-1: the gateway refuses its own internal token, which a service was given', async () => {
    await isTaken(system, good.access_token);
    const internal = system.seen.at(-1)?.authorization?.slice('Bearer '.length) ?? '';
    expect(internal.split('.')).toHaveLength(3);
    expect(await isTaken(system, internal)).toBe(401);
    const asked = await postForm(system, '/oauth2/introspect', { token: internal }, basic(own));
    expect(asked.json['active'] === true).toBe(false);
  });

  it('RFC8725-3.12-2: the gateway and the end of sessions refuse a logout token', async () => {
    const session = await system.gateway.signIn('user');
    await getTokens(system, session, own);
    await sendRaw(system, '/auth/sign-out', { method: 'POST', headers: { cookie: session, origin: system.origin } });
    await vi.waitUntil(() => system.received.some(({ path }) => path === '/logout'), { timeout: 20_000 });
    const token = system.received.find(({ path }) => path === '/logout')?.form.get('logout_token') ?? '';
    expect(headOf(token)['typ']).toBe('logout+jwt');
    expect(claimsOf(token)).not.toHaveProperty('nonce');
    expect(await isTaken(system, token)).toBe(401);
    const asked = await sendRaw(system, '/oauth2/userinfo', { headers: { authorization: `Bearer ${token}` } });
    expect(asked.status).toBe(401);
    const ended = await sendRaw(system, `/oauth2/session/end?id_token_hint=${token}`, { headers: { cookie } });
    expect(ended.status).toBe(400);
  });

  it('RFC8725-3.12-3: userinfo refuses a token that was made for a resource', async () => {
    const asked = await sendRaw(system, '/oauth2/userinfo', {
      headers: { authorization: `Bearer ${good.access_token}` },
    });
    expect([asked.status, asked.json['error']]).toEqual([401, 'invalid_token']);
  });

  it('RFC8725-3.12-4: the gateway keeps first-party tokens and those of clients apart', async () => {
    const answer = await sendRaw(system, '/auth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: 'vendor@example.test',
        password: 'violet-kettle-marches-north-vendor',
        device: 'x',
      }),
    });
    const { access_token: first, refresh_token: refreshToken } = answer.json as unknown as RawTokens; // Of /auth/token.
    expect(await isTaken(system, first)).toBe(200);
    const asked = await sendRaw(system, '/oauth2/userinfo', { headers: { authorization: `Bearer ${first}` } });
    expect(asked.status).toBe(401);
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expect((await postForm(system, '/oauth2/token', form, basic(own))).json['error']).toBe('invalid_grant');
    expect((await postForm(system, '/oauth2/introspect', { token: first }, basic(own))).json['active'] === true).toBe(
      false,
    );
  });
});

describe('JWT access tokens (RFC 9068)', () => {
  it('RFC9068-2.1-1: the provider types its access tokens at+jwt, and nothing else is', () => {
    expect(headOf(good.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(headOf(good.id_token)['typ']).not.toBe('at+jwt');
  });

  it('RFC9068-2.2-1: the provider says everything that a token must say', () => {
    expect(claimsOf(good.access_token)).toMatchObject({
      iss: system.origin,
      aud: system.origin,
      client_id: own.id,
      sub: expect.any(String) as string,
      jti: expect.any(String) as string,
      iat: expect.any(Number) as number,
      exp: expect.any(Number) as number,
      auth_time: expect.any(Number) as number,
      acr: 'pwd',
      amr: ['pwd'],
      scope: 'product:read',
    });
  });

  it('RFC9068-2.2.1-1: the provider says of a refreshed token how its user signed in, not when it was refreshed', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: good.refresh_token };
    const { json } = await postForm(system, '/oauth2/token', form, basic(own));
    const { auth_time: time, acr } = claimsOf(String(json['access_token']));
    expect([time, acr]).toEqual([claimsOf(good.access_token)['auth_time'], 'pwd']);
  });

  it('RFC9068-3-1: the provider makes a token for one audience, and refuses several', async () => {
    const answer = await sendRaw(
      system,
      `/oauth2/auth?${new URLSearchParams([
        ['client_id', own.id],
        ['response_type', 'code'],
        ['redirect_uri', 'https://client.example/callback'],
        ['scope', 'openid'],
        ['code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'],
        ['code_challenge_method', 'S256'],
        ['resource', system.origin],
        ['resource', 'https://other.example/'],
      ]).toString()}`,
      { headers: { cookie } },
    );
    const code = answer.location?.searchParams.get('code');
    if (code === null || code === undefined) return;
    const redeemed = await postForm(
      system,
      '/oauth2/token',
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: 'https://client.example/callback',
        code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      },
      basic(own),
    );
    expect(redeemed.json['error'] ?? claimsOf(String(redeemed.json['access_token']))['aud']).not.toBeInstanceOf(Array);
  });

  it('RFC9068-4-1: the gateway says why in a header, and tells no expired token from a forged one by more than that', async () => {
    const answer = await sendRaw(system, '/api/x', { headers: { authorization: `Bearer ${forge({}, {}, 'AAAA')}` } });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Bearer')]);
    expect(answer.headers.get('cache-control')).toContain('no-store');
  });

  it('RFC9068-6-1: the provider tells another resource neither the session nor a name', async () => {
    const elsewhere = await getTokens(system, cookie, own, {
      resource: 'https://other.example/',
      scope: 'openid profile email',
    });
    const claims = claimsOf(elsewhere.access_token);
    expect(['sid', 'grant', 'name', 'email'].filter((name) => name in claims)).toEqual([]);
  });
});
