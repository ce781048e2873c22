import {
  createDpopNonces,
  freezePrincipal,
  type AuthenticatedCaller,
  type Authenticator,
  type TokenConfirmation,
} from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDpopClient, type ProofChange } from '../test-support/dpop-client.ts';
import type { RawAnswer } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const holder = createDpopClient();
const thief = createDpopClient();
const url = 'https://app.test/tokens/x';

let time: number;
let reads = 0;
const confirmations: Readonly<Record<string, TokenConfirmation | undefined>> = {
  bound: { jkt: holder.jkt },
  free: undefined,
  certified: { x5tS256: 'A'.repeat(43) },
};
const tokens: Authenticator = {
  kind: 'bearer',
  recognize: ({ header, value }) =>
    header === 'authorization' ? /^(?:bearer|dpop) +(\w+)$/i.exec(value)?.[1] : undefined,
  authenticate: (token) => {
    reads++;
    const caller = callerOf(token);
    return caller === null
      ? { kind: 'rejected', code: 'SP_TOKEN_INVALID', reason: 'unknown' }
      : { kind: 'authenticated', caller };
  },
  alwaysReadsStore: true,
  recheck: async (id) => callerOf(id),
};

function callerOf(token: string): AuthenticatedCaller | null {
  if (!Object.hasOwn(confirmations, token)) return null;
  const confirmation = confirmations[token];
  const principal = freezePrincipal({
    kind: 'user',
    id: 'alice',
    clientId: 'client-1',
    roles: [],
    permissions: ['product:read'],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(start),
    credential: 'bearer',
    generation: { session: 1, user: 1, policy: 1 },
  } as const);
  return { principal, credentialId: token, endedBy: [], ...(confirmation === undefined ? {} : { confirmation }) };
}

let gateway: TestGateway;
beforeAll(async () => {
  time = start;
  gateway = await startTestGateway({
    now: () => new Date(time),
    authenticators: [tokens],
    moreRoutes: [
      { name: 'tokens', prefix: '/tokens', credentials: ['session', 'bearer'] },
      { name: 'maybe', prefix: '/maybe', access: 'optional', credentials: ['session', 'bearer'] },
      { name: 'passed', prefix: '/passed', access: 'public', authorization: 'pass' },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  time += 3_600_000;
  gateway.upstream.reset();
});

const proofFor = (change?: ProofChange, by = holder): string =>
  by.proof({ method: 'GET', url, token: 'bound', at: time }, change);
const send = (proof: string | undefined, authorization = 'DPoP bound', target = '/tokens/x', method = 'GET') =>
  gateway.send(method, target, {
    Authorization: authorization,
    ...(proof === undefined ? {} : { DPoP: proof }),
  });

function expectRefused({ status, headers, body }: RawAnswer, code: string, error: string): void {
  expect({ status, code: (JSON.parse(body) as { readonly code: string }).code }).toEqual({ status: 401, code });
  expect(headers['www-authenticate']).toBe(
    `DPoP realm="sallyport", algs="ES256 ES384 ES512 EdDSA Ed25519 PS256", error="${error}"`,
  );
  expect(gateway.upstream.started).toBe(0);
}
const expectInvalid = (answer: RawAnswer): void => expectRefused(answer, 'SP_DPOP_PROOF_INVALID', 'invalid_dpop_proof');
const expectRequired = (answer: RawAnswer): void => expectRefused(answer, 'SP_DPOP_PROOF_REQUIRED', 'invalid_token');

describe('a token that is bound to a key', () => {
  it('opens a route with a proof for each request, and neither of the two goes upstream', async () => {
    for (let index = 0; index < 3; index++) expect((await send(proofFor())).status).toBe(200);
    for (const { headers } of gateway.upstream.seen) {
      expect(headers['dpop']).toBeUndefined();
      expect(headers['authorization']).toMatch(/^Bearer ey/);
    }
  });

  it('is looked up once, while every request is judged by its proof', async () => {
    await send(proofFor());
    const before = reads;
    expect((await send(proofFor())).status).toBe(200);
    expectInvalidAfterSuccess(await send(proofFor({}, thief)));
    expect(reads).toBe(before);
  });

  it.each(['Bearer bound', 'bearer bound'])('is refused as "%s", with a proof and without', async (authorization) => {
    expectRequired(await send(undefined, authorization));
    expectRequired(await send(proofFor(), authorization));
  });

  it('is refused without a proof, where access is optional as well', async () => {
    expectRequired(await send(undefined));
    expectRequired(await send(undefined, 'DPoP bound', '/maybe/x'));
  });

  const wrong: readonly (readonly [string, () => string])[] = [
    ['of another key', () => proofFor({}, thief)],
    ['for another method', () => proofFor({ claims: { htm: 'POST' } })],
    ['for the method in small letters', () => proofFor({ claims: { htm: 'get' } })],
    ['for another path', () => proofFor({ claims: { htu: 'https://app.test/tokens/y' } })],
    ['for a path below', () => proofFor({ claims: { htu: `${url}/z` } })],
    ['for another host', () => proofFor({ claims: { htu: 'https://evil.test/tokens/x' } })],
    ['for plain http', () => proofFor({ claims: { htu: 'http://app.test/tokens/x' } })],
    ['for another port', () => proofFor({ claims: { htu: 'https://app.test:8443/tokens/x' } })],
    ['for an address with a user', () => proofFor({ claims: { htu: 'https://a@app.test/tokens/x' } })],
    ['for no address', () => proofFor({ claims: { htu: '/tokens/x' } })],
    ['for another token', () => holder.proof({ method: 'GET', url, token: 'free', at: time })],
    ['for no token', () => proofFor({ claims: { ath: undefined } })],
    ['that is a minute and a second old', () => proofFor({ claims: { iat: time / 1000 - 61 } })],
    ['of a minute and a second from now', () => proofFor({ claims: { iat: time / 1000 + 61 } })],
    ['that is an hour old, with a nonce', () => proofFor({ claims: { iat: time / 1000 - 3600, nonce: 'made-up' } })],
    ['without a time', () => proofFor({ claims: { iat: undefined } })],
    ['with a time in words', () => proofFor({ claims: { iat: 'now' } })],
    ['that has expired by its own words', () => proofFor({ claims: { exp: time / 1000 - 1 } })],
    ['without an id', () => proofFor({ claims: { jti: undefined } })],
    ['with an empty id', () => proofFor({ claims: { jti: '' } })],
    ['of another type', () => proofFor({ header: { typ: 'JWT' } })],
    ['without a key', () => proofFor({ header: { jwk: undefined } })],
    ['with the key of another', () => proofFor({ header: { jwk: thiefKey() } })],
    ['with the private key in it', () => proofFor({ header: { jwk: holder.privateJwk } })],
    ['with a secret as its key', () => proofFor({ header: { alg: 'HS256', jwk: { kty: 'oct', k: 'c2VjcmV0' } } })],
    ['that is signed symmetrically', () => holder.symmetricProof({ method: 'GET', url, token: 'bound', at: time })],
    ['that is not signed', () => unsigned()],
    ['whose signature was changed', () => `${proofFor().slice(0, -6)}AAAAAA`],
    ['that is no JWT', () => 'proof'],
    ['that is empty', () => ''],
    ['that is very long', () => proofFor({ claims: { more: 'x'.repeat(4000) } })],
    ['beside another one', () => `${proofFor()}, ${proofFor()}`],
    ['with something critical that is not known', () => proofFor({ header: { crit: ['more'], more: 1 } })],
  ];

  it.each(wrong)('is refused with a proof %s', async (_name, makeProof) => {
    expectInvalid(await send(makeProof()));
    // The same request, done right: nothing of the refused one stays behind.
    expect((await send(proofFor())).status).toBe(200);
  });

  it('is refused with two headers that hold good proofs', async () => {
    const headers = ['Host', 'app.test', 'Authorization', 'DPoP bound', 'DPoP', proofFor(), 'dpop', proofFor()];
    const explained = await gateway.gateway.explain({ method: 'GET', target: '/tokens/x', headers });
    expect(explained).toMatchObject({
      decision: 'refuse',
      code: 'SP_DPOP_PROOF_INVALID',
      reason: 'dpop-proof-malformed',
    });
  });

  it('is refused with a proof that was used before, for a minute and longer', async () => {
    const proof = proofFor({ claims: { iat: time / 1000 + 60 } });
    expect((await send(proof)).status).toBe(200);
    gateway.upstream.reset();
    expectInvalid(await send(proof));
    time += 119_000;
    expectInvalid(await send(proof));
  });

  it('is taken once of twenty requests at the same time with one proof', async () => {
    const proof = proofFor();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(proof)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(gateway.upstream.started).toBe(1);
  });

  it.each([
    ['https://app.test:443/tokens/x', '/tokens/x'],
    ['HTTPS://APP.test/tokens/x', '/tokens/x'],
    ['https://app.test/tokens/x?a=1#b', '/tokens/x?c=2'],
    ['https://app.test/tokens/%7Ea', '/tokens/~a'],
    ['https://app.test/tokens/%c3%a4', '/tokens/%C3%A4'],
    ['https://shop.test/tokens/x', '/tokens/x'],
  ])('is taken with a proof for %s at %s', async (htu, target) => {
    expect((await send(proofFor({ claims: { htu } }), 'DPoP bound', target)).status).toBe(200);
  });

  it('is judged by the addresses of the configuration, whatever Host says', async () => {
    const proof = proofFor({ claims: { htu: 'https://evil.test/tokens/x' } });
    const headers = { Authorization: 'DPoP bound', DPoP: proof, 'X-Forwarded-Host': 'evil.test', Host: 'shop.test' };
    expectInvalid(await gateway.send('GET', '/tokens/x', headers));
    expect((await gateway.send('GET', '/tokens/x', { ...headers, Host: 'evil.test' })).status).toBe(421);
  });

  it('conflicts with a session cookie', async () => {
    const answer = await gateway.send('GET', '/tokens/x', {
      ...cookie(gateway.sessions.add()),
      Authorization: 'DPoP bound',
      DPoP: proofFor(),
    });
    expect(answer.status).toBe(400);
  });
});

describe('a token that is bound to a key, where proofs need a nonce', () => {
  const secret = Buffer.alloc(32, 7);
  let demanding: TestGateway;
  beforeAll(async () => {
    demanding = await startTestGateway({
      now: () => new Date(time),
      authenticators: [tokens],
      dpopNonceSecret: secret,
      moreRoutes: [
        { name: 'tokens', prefix: '/tokens', credentials: ['bearer'], cors: { origins: ['https://spa.test'] } },
      ],
    });
  });
  afterAll(() => demanding.close());

  const call = (nonce?: string, change: object = {}): Promise<RawAnswer> =>
    demanding.send('GET', '/tokens/x', {
      Authorization: 'DPoP bound',
      DPoP: proofFor({ claims: { nonce, ...change } }),
      Origin: 'https://spa.test',
    });
  const nonceOf = ({ headers }: RawAnswer): string => String(headers['dpop-nonce']);

  it('is refused without one, and the refusal has it, for scripts of other sites too', async () => {
    const answer = await call();
    expectRefused(answer, 'SP_DPOP_NONCE_REQUIRED', 'use_dpop_nonce');
    expect(answer.headers['access-control-expose-headers']).toContain('dpop-nonce');
    expect((await call(nonceOf(answer))).status).toBe(200);
  });

  it('is taken with it whatever the clock of the client says, and used once', async () => {
    const nonce = nonceOf(await call());
    const change = { iat: time / 1000 - 86_400, jti: 'once' };
    expect((await call(nonce, change)).status).toBe(200);
    expect((await call(nonce, change)).status).toBe(401);
  });

  it('is refused with one that is old, made up, or of another deployment', async () => {
    const nonce = nonceOf(await call());
    const elsewhere = createDpopNonces(Buffer.alloc(32, 8), () => time).current();
    for (const wrong of ['', 'made-up', elsewhere, `${nonce}x`]) {
      const answer = await call(wrong);
      expect([answer.status, nonceOf(answer)]).toEqual([401, nonce]);
    }
    time += 240_000;
    expect((await call(nonce)).status).toBe(401);
  });
});

describe('other tokens', () => {
  it('are taken as ever when they are bound to nothing, and never under the scheme of proofs', async () => {
    expect((await send(undefined, 'Bearer free')).status).toBe(200);
    const proof = holder.proof({ method: 'GET', url, token: 'free', at: time });
    expect((await send(proof, 'Bearer free')).status).toBe(200);
    const { status, headers } = await send(proof, 'DPoP free');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="sallyport", error="invalid_token"']);
  });

  it('are refused when they are bound to a certificate, which nothing here proves', async () => {
    for (const authorization of ['Bearer certified', 'DPoP certified'])
      expect((await send(undefined, authorization)).status).toBe(401);
  });
});

describe('a header DPoP', () => {
  it.each(['DPoP', 'dpop', 'D_PoP', 'd-pop'])('reaches no service under the name %s', async (name) => {
    await gateway.send('GET', '/public/x', { [name]: 'proof' });
    const names = Object.keys(gateway.upstream.seen[0]?.headers ?? {}).map((each) => each.replaceAll(/[^a-z]/g, ''));
    expect(names).not.toContain('dpop');
  });

  it('goes with the Authorization that a service judges itself', async () => {
    await gateway.send('GET', '/passed/x', { Authorization: 'DPoP of-the-service', DPoP: 'proof' });
    expect(gateway.upstream.seen[0]?.headers).toMatchObject({ authorization: 'DPoP of-the-service', dpop: 'proof' });
  });
});

describe('an explanation', () => {
  const ask = (headers: readonly string[]) =>
    gateway.gateway.explain({ method: 'GET', target: '/tokens/x', headers: ['Host', 'app.test', ...headers] });

  it('says that a proof is missing, and uses none up', async () => {
    const missing = await ask(['Authorization', 'DPoP bound']);
    expect(missing).toMatchObject({ status: 401, code: 'SP_DPOP_PROOF_REQUIRED', reason: 'dpop-proof-missing' });
    expect(missing.hint).toContain('RFC 9449');
    expect(await ask(['Authorization', 'Bearer bound'])).toMatchObject({ reason: 'dpop-token-as-bearer' });
    const proof = proofFor();
    for (let index = 0; index < 2; index++)
      expect(await ask(['Authorization', 'DPoP bound', 'DPoP', proof])).toMatchObject({ decision: 'forward' });
    expect((await send(proof)).status).toBe(200);
  });
});

function expectInvalidAfterSuccess({ status, headers }: RawAnswer): void {
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toContain('error="invalid_dpop_proof"');
}

function thiefKey(): unknown {
  const { d: _private, ...key } = thief.privateJwk;
  return key;
}

function unsigned(): string {
  const [header = '', payload = ''] = proofFor({ header: { alg: 'none' } }).split('.');
  return `${header}.${payload}.`;
}
