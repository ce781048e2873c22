import { OptionsError } from '../options/options-error.ts';
import { createHash, createHmac, createSecretKey, generateKeyPairSync, hkdfSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JSONWebKeySet, JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { audience, goodClaims, issuer } from './good-claims.test-support.ts';
import { createLocalKeySource, createRemoteKeySource } from './key-source.ts';
import {
  createSharedSecretSource,
  idOfSharedSecret,
  parseSharedSecrets,
  problemOfSharedSecrets,
} from './shared-secret.ts';
import type { SignatureAlgorithm } from './token-rules.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

const [ours, older, theirs] = [
  'XvK2mQ8rTz5LpN7wYd3HsGf1BcJ9aEu4Rk6Vt0ZxWnM',
  'b7Qx4LtM9kRz2VwN8pYc5HdJ1sGf3Ua6Ee0KyTnXoWq',
  'Jw3Zk8Rt1Vb6Nm4Qx9Lp2Yd7Hs5Gf0CcAuEeTiOoXyM',
];

describe('the text of a shared secret', () => {
  it.each(['hex', 'base64', 'base64url'] as const)('may be 32 random bytes written as %s', (encoding) => {
    for (let round = 0; round < 200; round += 1)
      expect(problemOfSharedSecrets(randomBytes(32).toString(encoding))).toBeUndefined();
  });

  it.each([`${ours},${older}`, `${ours}, ${older}`, `${ours}\n${older}\n`])('may hold two, in this order', (text) => {
    expect(parseSharedSecrets(text)).toEqual([ours, older]);
  });

  it.each([
    { name: 'empty', text: '' },
    { name: 'blank', text: ' \n , ' },
    { name: 'a root secret of 32 characters, which holds 192 bits', text: 'kJ8vQ2mXr7TzP4wYb9NcLd5HsGf3EaUq' },
    { name: 'one character of base64 too short', text: ours.slice(1) },
    { name: 'one hexadecimal digit too short', text: randomBytes(32).toString('hex').slice(1) },
    { name: 'decimal digits that are too few', text: '83920174659301827465019283746501928374650192837465' },
    { name: 'filled up with padding', text: `${ours.slice(1)}==` },
    { name: 'a sentence', text: 'the-quick-brown-fox!jumps.over.the.lazy.dog.again' },
    { name: 'a key in PEM', text: '-----BEGIN PUBLIC KEY-----' },
    { name: 'a JSON Web Key', text: '{"kty":"oct"}' },
    { name: 'letters that encodings spell differently', text: `${ours}é` },
    { name: 'one character', text: 'a'.repeat(64) },
    { name: 'a pattern repeated', text: 'k8Qv2Zr7Tz'.repeat(7) },
    { name: 'a sequence', text: '0123456789abcdef'.repeat(4) },
    { name: 'from an example', text: `my-secret-${ours}` },
    { name: 'the same secret twice', text: `${ours},${ours}` },
    { name: 'three secrets', text: [ours, older, theirs].join() },
    { name: 'one strong and one weak', text: `${ours},${older.slice(2)}` },
  ])('is not $name', ({ text }) => {
    const problem = problemOfSharedSecrets(text);
    expect(problem).toMatch(/^(?:is|holds|contains|can)\b/);
    for (const part of text.split(/[\s,]+/).filter((one) => one.length > 3)) expect(problem).not.toContain(part);
    expect(() => createSharedSecretSource(text)).toThrow(OptionsError);
  });
});

describe('the id of a shared secret', () => {
  it('is derived as docs/wire/internal-token.md says', async () => {
    const id = hkdfSync('sha256', ours, '', 'sallyport key id of a shared secret', 16);
    expect(await idOfSharedSecret(ours)).toBe(Buffer.from(id).toString('base64url'));
    expect(await idOfSharedSecret(ours)).toBe('0wh225I2naZpiL9g1jkU5Q');
  });

  it('is another for another secret, and no hash of the secret', async () => {
    const id = await idOfSharedSecret(ours);
    expect(await idOfSharedSecret(older)).not.toBe(id);
    for (const text of [ours, `${ours}=`]) {
      for (const hash of [
        createHash('sha256').update(text).digest(),
        createHash('sha256').update(Buffer.from(text, 'base64url')).digest(),
        createHmac('sha256', text).digest(),
      ])
        expect(hash.toString('base64url').startsWith(id)).toBe(false);
    }
  });
});

const seconds = (): number => Math.floor(Date.now() / 1000);

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly secret?: string | Uint8Array;
  readonly hash?: string;
}

async function sign256({ header = {}, claims = {}, secret = ours, hash = 'sha256' }: Forgery = {}): Promise<string> {
  const kid = await idOfSharedSecret(ours);
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid, ...header })}.${encode({ ...goodClaims(), ...claims })}`;
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

const createVerifier = (text = ours): TokenVerifier =>
  createTokenVerifier({ issuer, audience, keys: createSharedSecretSource(text) });

const expectRefusal = async (verifier: TokenVerifier, token: string): Promise<void> => {
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID', status: 401 });
  expect(verifier.recall(token)).toBeUndefined();
};

describe('a verifier with a shared secret', () => {
  it('accepts what was signed with it', async () => {
    expect(await createVerifier().verify(await sign256())).toMatchObject({ id: 'user-1' });
  });

  it('accepts both while one replaces the other, and one when that is over', async () => {
    const before = await sign256({ secret: older, header: { kid: await idOfSharedSecret(older) } });
    const after = await sign256();
    for (const text of [`${ours},${older}`, `${older},${ours}`]) {
      const verifier = createVerifier(text);
      expect(await verifier.verify(before)).toMatchObject({ id: 'user-1' });
      expect(await verifier.verify(after)).toMatchObject({ id: 'user-1' });
    }
    await expectRefusal(createVerifier(ours), before);
    await expectRefusal(createVerifier(older), after);
  });

  it('refuses a secret that it does not know, under whatever id', async () => {
    const verifier = createVerifier(`${ours},${older}`);
    for (const known of [ours, older, theirs])
      await expectRefusal(verifier, await sign256({ secret: theirs, header: { kid: await idOfSharedSecret(known) } }));
  });

  it('refuses one secret under the id of the other', async () => {
    await expectRefusal(createVerifier(`${ours},${older}`), await sign256({ secret: older }));
  });

  it.each([
    { name: 'the bytes that the secret decodes to', secret: Buffer.from(ours, 'base64url') },
    { name: 'the secret with a line break', secret: `${ours}\n` },
    { name: 'the secret with padding', secret: `${ours}=` },
    { name: 'both secrets as they are written', secret: `${ours},${older}` },
    { name: 'nothing', secret: '' },
    { name: 'zeros', secret: Buffer.alloc(32) },
  ])('refuses what was signed with $name', async ({ secret }) => {
    await expectRefusal(createVerifier(`${ours},${older}`), await sign256({ secret }));
  });

  it('refuses what was signed with the id of the secret', async () => {
    await expectRefusal(createVerifier(), await sign256({ secret: await idOfSharedSecret(ours) }));
  });

  it.each(['none', 'None', 'NONE', 'hs256', 'Hs256', 'HS256 ', 'HS384', 'HS512', 'HS1', '', null, 256, ['HS256']])(
    'refuses the algorithm %j',
    async (alg) => {
      const verifier = createVerifier();
      for (const hash of ['sha256', 'sha384', 'sha512']) {
        const token = await sign256({ header: { alg }, hash });
        await expectRefusal(verifier, token);
        await expectRefusal(verifier, token.replace(/[^.]*$/, ''));
        await expectRefusal(verifier, token.replace(/[^.]*$/, 'AAAA'));
      }
    },
  );

  it.each(['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])(
    'refuses %s, also when the secret made the signature',
    async (alg) => expectRefusal(createVerifier(), await sign256({ header: { alg } })),
  );

  it('refuses a real signature of a key pair, also when the token brings the key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = await idOfSharedSecret(ours);
    for (const header of [{ kid }, { kid, jwk }, { jwk }, { kid, jku: 'https://attacker.test/keys' }]) {
      const input = `${encode({ alg: 'ES256', typ: 'at+jwt', ...header })}.${encode(goodClaims())}`;
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      await expectRefusal(createVerifier(), `${input}.${signature.toString('base64url')}`);
    }
  });

  it('refuses a token that brings its own secret', async () => {
    const jwk = { kty: 'oct', k: Buffer.from(theirs).toString('base64url'), alg: 'HS256' };
    for (const kid of [await idOfSharedSecret(ours), await idOfSharedSecret(theirs), undefined])
      await expectRefusal(createVerifier(), await sign256({ secret: theirs, header: { jwk, kid } }));
  });

  it.each([undefined, '', null, 0, 7, [], {}, 'unknown', '__proto__', 'constructor', 'get', '../keys', '/dev/null'])(
    'refuses the key id %j',
    async (kid) => expectRefusal(createVerifier(), await sign256({ header: { kid } })),
  );

  it('refuses a key id in a list, or with a character more', async () => {
    const kid = await idOfSharedSecret(ours);
    for (const other of [[kid], `${kid} `, `${kid}=`, kid.toLowerCase(), kid.slice(0, -1)])
      await expectRefusal(createVerifier(), await sign256({ header: { kid: other } }));
  });

  it.each([
    { name: 'an unknown critical extension', header: { crit: ['exp'], exp: 1 } },
    { name: 'an empty critical list', header: { crit: [] } },
    { name: 'an unencoded payload', header: { crit: ['b64'], b64: false } },
    { name: 'the type of another token', header: { typ: 'JWT' } },
    { name: 'no type', header: { typ: undefined } },
  ])('refuses $name', async ({ header }) => expectRefusal(createVerifier(), await sign256({ header })));

  it.each([
    { name: 'for another service', claims: { aud: 'account' } },
    { name: 'of another issuer', claims: { iss: 'https://gateway.test' } },
    { name: 'without an end', claims: { exp: undefined } },
    { name: 'with roles as text', claims: { roles: 'admin' } },
  ])('refuses a token $name', async ({ claims }) => expectRefusal(createVerifier(), await sign256({ claims })));

  it('says of an old token that its time is over', async () => {
    const token = await sign256({ claims: { iat: seconds() - 120, exp: seconds() - 60 } });
    await expect(createVerifier().verify(token)).rejects.toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
  });

  it('refuses a signature that was shortened, lengthened or changed', async () => {
    const [header = '', payload = '', signature = ''] = (await sign256()).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const forged = [
      bytes.subarray(0, 16),
      bytes.subarray(0, 1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      Buffer.concat([bytes, bytes]),
      Buffer.from(bytes.map((byte, index) => (index === 31 ? byte ^ 1 : byte))),
      Buffer.alloc(32),
    ];
    for (const one of forged)
      await expectRefusal(createVerifier(), `${header}.${payload}.${one.toString('base64url')}`);
    await expectRefusal(createVerifier(), `${header}.${encode({ ...goodClaims(), sub: 'admin' })}.${signature}`);
  });

  it('is not built with algorithms', () => {
    const keys = createSharedSecretSource(ours);
    for (const algorithms of [['ES256'], ['HS256'], []])
      expect(() => createTokenVerifier({ issuer, audience, keys, algorithms: algorithms as never })).toThrow(
        OptionsError,
      );
  });
});

describe('a verifier with public keys', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const kid = 'published';
  const ec: JWK = { ...publicKey.export({ format: 'jwk' }), kty: 'EC', kid, alg: 'ES256', use: 'sig' };
  const rsaJwk: JWK = { ...rsa.export({ format: 'jwk' }), kty: 'RSA', kid, alg: 'RS256', use: 'sig' };
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const rsaPem = rsa.export({ type: 'spki', format: 'pem' }).toString();

  const misused: readonly (readonly [name: string, secret: string | Uint8Array])[] = [
    ['PEM', pem],
    ['PEM without the last line break', pem.trimEnd()],
    ['PEM with other line breaks', pem.replaceAll('\n', '\r\n')],
    ['PEM of an RSA key', rsaPem],
    ['PKCS #1', rsa.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['DER', publicKey.export({ type: 'spki', format: 'der' })],
    ['DER of an RSA key', rsa.export({ type: 'spki', format: 'der' })],
    ['a JSON Web Key', JSON.stringify(ec)],
    ['a JSON Web Key of RSA', JSON.stringify(rsaJwk)],
    ['the key set', JSON.stringify({ keys: [ec] })],
    ['the coordinate x', Buffer.from(ec.x ?? '', 'base64url')],
    ['the text of the coordinate x', ec.x ?? ''],
    ['the modulus', Buffer.from(rsaJwk.n ?? '', 'base64url')],
    ['the key id', kid],
    ['nothing', ''],
  ];
  it.each(misused)('is not deceived by HS256 with %s as the secret', async (_name, secret) => {
    for (const jwk of [ec, rsaJwk]) {
      const keys = createLocalKeySource({ keys: [jwk] });
      const verifier = createTokenVerifier({ issuer, audience, keys });
      for (const alg of ['HS256', 'hs256', 'HS384', jwk.alg])
        for (const id of [kid, undefined])
          await expectRefusal(verifier, await sign256({ secret, header: { alg, kid: id } }));
    }
  });

  const secretJwk: JWK = { kty: 'oct', k: Buffer.from(theirs).toString('base64url'), kid: 'oct', use: 'sig' };
  const sets: readonly (readonly [name: string, set: JSONWebKeySet])[] = [
    ['beside a public one', { keys: [ec, { ...secretJwk, alg: 'HS256' }] }],
    ['alone', { keys: [{ ...secretJwk, alg: 'HS256' }] }],
    ['that says it is for ES256', { keys: [{ ...secretJwk, alg: 'ES256' }] }],
    ['without an algorithm', { keys: [secretJwk] }],
    ['under the id of a public one', { keys: [{ ...secretJwk, kid }, ec] }],
  ];
  it.each(sets)('never takes a secret out of a key set: one %s', async (_name, set) => {
    const server = createServer((_request, response) => response.end(JSON.stringify(set)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A server that listens on a port has an address of this shape.
    const { port } = server.address() as AddressInfo;
    try {
      const local = createTokenVerifier({ issuer, audience, keys: createLocalKeySource(set) });
      const published = createRemoteKeySource({ url: `http://127.0.0.1:${port}/keys` });
      const remote = createTokenVerifier({ issuer, audience, keys: published });
      for (const alg of ['HS256', 'ES256', 'RS256', 'none'])
        for (const id of ['oct', kid, undefined]) {
          const token = await sign256({ secret: theirs, header: { alg, kid: id } });
          await expectRefusal(local, token);
          // An endpoint that publishes a secret publishes no keys: nothing of the set is believed.
          const code = alg === 'ES256' || alg === 'RS256' ? 'SP_KEYS_UNAVAILABLE' : 'SP_TOKEN_INVALID';
          await expect(remote.verify(token)).rejects.toMatchObject({ code });
        }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('refuses HS256 also from a key source that hands out a secret', async () => {
    const getKey = () => Promise.resolve(createSecretKey(Buffer.from(ours)) as never);
    const verifier = createTokenVerifier({ issuer, audience, keys: { getKey } });
    await expectRefusal(verifier, await sign256());
  });

  it.each([['HS256'], ['ES256', 'HS256'], ['none'], ['hs256'], []])('is not built for %j', (...algorithms) => {
    const keys = createLocalKeySource({ keys: [ec] });
    const wrong = algorithms as readonly string[] as readonly SignatureAlgorithm[];
    expect(() => createTokenVerifier({ issuer, audience, keys, algorithms: wrong })).toThrow(OptionsError);
  });
});
