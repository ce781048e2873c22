import { OptionsError } from '../options/options-error.ts';
import { createHmac, KeyObject, sign as signBytes, type webcrypto } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { audience, goodClaims, issuer } from './good-claims.test-support.ts';
import { createLocalKeySource } from './key-source.ts';
import { SallyportError } from '../errors/sallyport-error.ts';
import { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';

interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey;
  readonly jwk: JWK;
  readonly pem: string;
}

let ours: SigningKey;
let theirs: SigningKey;
let keys: JSONWebKeySet;

beforeAll(async () => {
  [ours, theirs] = await Promise.all([createKey('ours'), createKey('theirs')]);
  keys = { keys: [ours.jwk] };
});

async function createKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };
  return { privateKey, jwk, pem: await exportSPKI(publicKey) };
}

function createVerifier(options: Partial<TokenVerifierOptions> = {}): TokenVerifier {
  return createTokenVerifier({ issuer, audience, keys: createLocalKeySource(keys), ...options });
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Signs anything: claims of wrong types and headers that no library would write. */
async function sign(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: SigningKey = ours,
): Promise<string> {
  const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid, ...header };
  return signInput(`${encode(protectedHeader)}.${encode({ ...goodClaims(), ...claims })}`, key);
}

async function signInput(input: string, key: SigningKey): Promise<string> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, key.privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

const expectRefusal = async (token: string, code = 'SP_TOKEN_INVALID'): Promise<void> => {
  const verifier = createVerifier();
  await expect(verifier.verify(token)).rejects.toMatchObject({ code, status: 401 });
  expect(verifier.recall(token)).toBeUndefined();
};

describe('a good token', () => {
  it('becomes its caller', async () => {
    expect(await createVerifier().verify(await sign())).toMatchObject({
      kind: 'user',
      id: 'user-1',
      sid: 'session-1',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create'],
      generation: { session: 1, user: 2, policy: 3 },
    });
  });

  it('becomes a caller that no code can change', async () => {
    const principal = await createVerifier().verify(await sign());
    expect(() => (principal.roles as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(principal, { id: 'user-2' })).toThrow(TypeError);
    expect(() => Object.assign(principal.generation, { user: 9 })).toThrow(TypeError);
  });

  it('is recalled without a second signature check', async () => {
    let lookUps = 0;
    const { getKey } = createLocalKeySource(keys);
    const verifier = createVerifier({
      keys: {
        getKey: (header, token) => {
          lookUps += 1;
          return getKey(header, token);
        },
      },
    });
    const token = await sign();
    expect(verifier.recall(token)).toBeUndefined();
    const principal = await verifier.verify(token);
    expect(verifier.recall(token)).toBe(principal);
    expect(await verifier.verify(token)).toBe(principal);
    expect(lookUps).toBe(1);
  });

  it('is not recalled once it expired', async () => {
    let now = Date.now();
    const verifier = createVerifier({ now: () => new Date(now), clockToleranceSeconds: 0 });
    const token = await sign();
    await verifier.verify(token);
    now += 61_000;
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
  });

  it('makes room for others in a full memory, and is then verified again', async () => {
    const verifier = createVerifier({ cacheSize: 2 });
    const tokens = await Promise.all(['a', 'b', 'c'].map((jti) => sign({ jti })));
    for (const token of tokens) await verifier.verify(token);
    expect(tokens.map((token) => verifier.recall(token) !== undefined)).toEqual([false, true, true]);
    await expect(verifier.verify(tokens[0] ?? '')).resolves.toMatchObject({ id: 'user-1' });
  });

  it('is not remembered when the memory is switched off', async () => {
    const verifier = createVerifier({ cacheSize: 0 });
    const token = await sign();
    await verifier.verify(token);
    expect(verifier.recall(token)).toBeUndefined();
  });
});

describe('a token is refused', () => {
  it.each([
    { name: 'empty', token: '' },
    { name: 'one word', token: 'token' },
    { name: 'two parts', token: 'a.b' },
    { name: 'four parts', token: 'a.b.c.d' },
    { name: 'five parts, as an encrypted one has', token: 'a.b.c.d.e' },
    { name: 'three empty parts', token: '..' },
    { name: 'with a line feed', token: 'a.b.c\n' },
    { name: 'not base64url', token: 'a+b.c/d.e=' },
    { name: 'of parts that no bytes have', token: 'aaaaa.bbbbb.ccccc' },
    { name: 'not JSON inside', token: `${encode('no')}.${encode('no')}.AAAA` },
    { name: 'a JSON list inside', token: `${encode('[]')}.${encode('[]')}.AAAA` },
  ])('when it is $name', ({ token }) => expectRefusal(token));

  it('when its signature, header or claims are spelled a second way', async () => {
    const token = await sign();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const parts = token.split('.');
    for (const [index, part] of parts.entries())
      for (const end of alphabet) {
        const spelling = part.slice(0, -1) + end;
        if (spelling === part || !Buffer.from(spelling, 'base64url').equals(Buffer.from(part, 'base64url'))) continue;
        await expect(createVerifier().verify(parts.with(index, spelling).join('.'))).rejects.toMatchObject({
          code: 'SP_TOKEN_INVALID',
          reason: 'not-canonical',
        });
      }
    // An ES256 signature has 64 bytes, and four bits in its last character that are of none.
    expect(parts[2]).toMatch(/[AQgw]$/);
  });

  it('when it is longer than any of ours, before anything is parsed', async () => {
    const token = await sign({ padding: 'x'.repeat(9000) });
    await expect(createVerifier().verify(token)).rejects.toMatchObject({
      code: 'SP_TOKEN_INVALID',
      reason: 'too-long',
    });
  });

  it.each(['none', 'None', 'NONE', 'nOnE'])('when its algorithm is %s', async (alg) => {
    const input = `${encode({ alg, typ: 'at+jwt', kid: 'ours' })}.${encode(goodClaims())}`;
    await expectRefusal(`${input}.`);
    await expectRefusal(`${input}.AAAA`);
    await expectRefusal(await signInput(input, ours));
  });

  it.each(['HS256', 'HS384', 'HS512'])('when the public key was used as the secret of %s', async (alg) => {
    const input = `${encode({ alg, typ: 'at+jwt', kid: 'ours' })}.${encode(goodClaims())}`;
    for (const secret of [ours.pem, ours.pem.trim(), JSON.stringify(ours.jwk)]) {
      const signature = createHmac(alg.replace('HS', 'sha'), secret).update(input).digest('base64url');
      await expectRefusal(`${input}.${signature}`);
    }
  });

  it.each(['ES384', 'RS256', 'PS256', 'EdDSA', 'ES256K', 'es256', '', null, 1, ['ES256']])(
    'when its header claims the algorithm %j',
    async (alg) => expectRefusal(await sign({}, { alg })),
  );

  it.each([
    { name: 'another issuer', change: { iss: 'https://elsewhere.test/internal' } },
    { name: 'the public issuer', change: { iss: 'https://gateway.test' } },
    { name: 'the issuer with a slash', change: { iss: `${issuer}/` } },
    { name: 'no issuer', change: { iss: undefined } },
    { name: 'another service', change: { aud: 'account' } },
    { name: 'a service of a longer name', change: { aud: 'shop-admin' } },
    { name: 'no audience', change: { aud: undefined } },
    { name: 'an empty list of audiences', change: { aud: [] } },
    { name: 'several audiences, ours among them', change: { aud: ['account', audience] } },
    { name: 'a list of only our audience', change: { aud: [audience] } },
    { name: 'a future start', change: { nbf: seconds() + 3600 } },
    { name: 'a start that is text', change: { nbf: 'tomorrow' } },
    { name: 'no expiry', change: { exp: undefined } },
    { name: 'an expiry as text', change: { exp: String(seconds() + 60) } },
    { name: 'a life of more than an hour', change: { exp: seconds() + 3700 } },
    { name: 'a life of a thousand years', change: { exp: seconds() + 31_556_952_000 } },
    { name: 'an endless expiry', change: { exp: 1e308 } },
    { name: 'a null expiry', change: { exp: null } },
    { name: 'a broken expiry', change: { exp: seconds() + 60.5 } },
    { name: 'no time of issue', change: { iat: undefined } },
    { name: 'a time of issue as text', change: { iat: 'now' } },
    { name: 'no subject', change: { sub: undefined } },
    { name: 'an empty subject', change: { sub: '' } },
    { name: 'a subject that is a number', change: { sub: 1 } },
    { name: 'no token id', change: { jti: undefined } },
    { name: 'no client', change: { client_id: undefined } },
    { name: 'no scope', change: { scope: undefined } },
    { name: 'a list as scope', change: { scope: ['product:read'] } },
    { name: 'no roles', change: { roles: undefined } },
    { name: 'roles as text', change: { roles: 'admin' } },
    { name: 'an unknown assurance level', change: { acr: 'super' } },
    { name: 'no generation', change: { gen: undefined } },
    { name: 'half a generation', change: { gen: { s: 1 } } },
    { name: 'a negative generation', change: { gen: { s: -1, u: 0, p: 0 } } },
    { name: 'an unknown kind of subject', change: { sub_type: 'root' } },
    { name: 'an unknown credential', change: { cred: 'cookie' } },
    { name: 'an actor that is text', change: { act: 'admin-1' } },
  ])('when it says $name', async ({ change }) => expectRefusal(await sign(change)));

  it('as expired when its time is over', async () => {
    await expectRefusal(await sign({ iat: seconds() - 120, exp: seconds() - 60 }), 'SP_TOKEN_EXPIRED');
    await expectRefusal(await sign({ exp: -1 }), 'SP_TOKEN_EXPIRED');
  });

  it('when it was made in the future, beyond the minute by which clocks may differ', async () => {
    await expectRefusal(await sign({ iat: seconds() + 65, exp: seconds() + 125 }), 'SP_TOKEN_INVALID');
    const verifier = createVerifier();
    expect(await verifier.verify(await sign({ iat: seconds() + 50, exp: seconds() + 110 }))).toMatchObject({
      id: 'user-1',
    });
  });

  it('as invalid, not as expired, when another key signed it and its time is over', async () => {
    await expectRefusal(await sign({ exp: seconds() - 60 }, { kid: 'ours' }, theirs));
  });

  it.each([
    { name: 'an id token', typ: 'JWT' },
    { name: 'a logout token', typ: 'logout+jwt' },
    { name: 'an id token of OpenID', typ: 'id+jwt' },
    { name: 'a DPoP proof', typ: 'dpop+jwt' },
    { name: 'of no type', typ: undefined },
    { name: 'of a type that is a number', typ: 7 },
  ])('when it is $name', async ({ typ }) => expectRefusal(await sign({}, { typ })));

  it('when its header brings its own key', async () => {
    const jku = 'https://attacker.test/keys';
    for (const header of [{ jku }, { x5u: jku }, { jwk: theirs.jwk }, { x5c: ['MIIB'] }]) {
      await expectRefusal(await sign({}, { ...header, kid: 'ours' }, theirs));
      await expectRefusal(await sign({}, header, theirs));
    }
  });

  it.each([
    { name: 'an unknown critical extension', header: { crit: ['exp'], exp: 1 } },
    { name: 'an empty critical list', header: { crit: [] } },
    { name: 'an unencoded payload', header: { crit: ['b64'], b64: false } },
  ])('when its header has $name', async ({ header }) => expectRefusal(await sign({}, header)));

  it('when its key id is known but the key is another', async () => {
    await expectRefusal(await sign({}, { kid: 'ours' }, theirs));
  });

  it.each(['unknown', '', '../../ours', "' OR 1=1", 7, null])('when its key id is %j', async (kid) => {
    await expectRefusal(await sign({}, { kid }, theirs));
  });

  it('when any part was changed after signing', async () => {
    const [header = '', payload = '', signature = ''] = (await sign()).split('.');
    const promoted = encode({ ...goodClaims(), roles: ['admin'] });
    await expectRefusal(`${header}.${promoted}.${signature}`);
    await expectRefusal(`${encode({ alg: 'ES256', typ: 'at+jwt', kid: 'ours', x: 1 })}.${payload}.${signature}`);
    await expectRefusal(`${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`);
    await expectRefusal(`${header}.${payload}.${signature}AAAA`);
    await expectRefusal(`${header}.${payload}.${signature.slice(0, -4)}`);
  });

  it.each([
    { name: 'r and s of zero (CVE-2022-21449)', bytes: Buffer.alloc(64) },
    { name: 'r and s of the order of the curve', bytes: curveOrderTwice() },
    { name: 'all bits set', bytes: Buffer.alloc(64, 0xff) },
    { name: 'one byte', bytes: Buffer.alloc(1) },
  ])('when its signature is $name', async ({ bytes }) => {
    const [header = '', payload = ''] = (await sign()).split('.');
    await expectRefusal(`${header}.${payload}.${bytes.toString('base64url')}`);
  });

  it('when its signature is DER instead of the form of RFC 7518', async () => {
    const input = (await sign()).split('.').slice(0, 2).join('.');
    const der = signBytes('sha256', Buffer.from(input), KeyObject.from(ours.privateKey));
    await expectRefusal(`${input}.${der.toString('base64url')}`);
  });

  it('with nothing of it in the error', async () => {
    const token = await sign({ sub: 'canary-subject' }, { kid: 'canary-kid' });
    const error: unknown = await createVerifier()
      .verify(token)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toBe('SallyportError: SP_TOKEN_INVALID: The access token is not valid here');
  });
});

describe('building a verifier', () => {
  it.each([{ issuer: '' }, { audience: '' }])('refuses %j', (options) => {
    expect(() => createVerifier(options)).toThrow(OptionsError);
  });
});

function curveOrderTwice(): Buffer {
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  return Buffer.from(order + order, 'hex');
}

describe('an objection', () => {
  it('refuses a token that holds, at first sight and when it was accepted before', async () => {
    const objection = new SallyportError('SP_UNAUTHENTICATED', { reason: 'token-revoked' });
    let isRevoked = false;
    const asked: [string, number][] = [];
    const verifier = createVerifier({
      objectTo: (principal, issuedAt) => {
        asked.push([principal.id, issuedAt]);
        return isRevoked ? objection : undefined;
      },
    });
    const issuedAt = seconds() - 3;
    const token = await sign({ iat: issuedAt });
    expect(await verifier.verify(token)).toMatchObject({ id: 'user-1' });
    expect(verifier.recall(token)).toMatchObject({ id: 'user-1' });
    isRevoked = true;
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toBe(objection);
    await expect(verifier.verify(await sign({ jti: 'token-2' }))).rejects.toBe(objection);
    expect(asked.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => ['user-1', issuedAt]));
  });

  it('is asked for by no token that does not hold', async () => {
    const verifier = createVerifier({
      objectTo: () => {
        throw new Error('asked');
      },
    });
    await expect(verifier.verify(await sign({}, {}, theirs))).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });
});

it('a verifier verifies anew what it had accepted when it is told to forget, also what was on its way then', async () => {
  const source = createLocalKeySource(keys);
  let isWithdrawn = false;
  let meanwhile = (): void => {};
  const verifier = createVerifier({
    keys: {
      getKey: async (header, token) => {
        if (isWithdrawn) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'withdrawn-key' });
        const key = await source.getKey(header, token);
        meanwhile();
        return key;
      },
    },
  });
  const withdraw = (): void => {
    isWithdrawn = true;
    verifier.forgetAll?.();
  };
  const [accepted, onItsWay] = [await sign(), await sign({ jti: 'token-2' })];
  await verifier.verify(accepted);
  meanwhile = withdraw;
  await verifier.verify(onItsWay);
  expect(verifier.recall(accepted)).toBeUndefined();
  expect(verifier.recall(onItsWay)).toBeUndefined();
  await expect(verifier.verify(onItsWay)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
});
