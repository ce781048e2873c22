import { createHmac, KeyObject, sign as signBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { audience, goodClaims, issuer } from './good-claims.test-support.ts';
import { createVerifier, encode, ours, seconds, sign, signInput, theirs } from './token-verifier.test-support.ts';

const expectRefusal = async (token: string, code = 'SP_TOKEN_INVALID'): Promise<void> => {
  const verifier = createVerifier();
  await expect(verifier.verify(token)).rejects.toMatchObject({ code, status: 401 });
  expect(verifier.recall(token)).toBeUndefined();
};

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

function curveOrderTwice(): Buffer {
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  return Buffer.from(order + order, 'hex');
}
