import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseKeySet } from './parse-key-set.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const good = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
const secret = { ...privateKey.export({ format: 'jwk' }), kid: 'two' };
const rsa = (bits: number) => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const ed448 = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });

const parse = (...keys: readonly unknown[]) => parseKeySet(JSON.stringify({ keys }));

describe('a key set', () => {
  it.each([
    ['an elliptic curve', good],
    ['RSA of 2048 bits', rsa(2048)],
    ['Ed25519', { ...ed25519, alg: 'EdDSA' }],
  ])('with a public key of %s is believed', (_, key) => {
    expect(parse(key)).toEqual({ keys: { keys: [key] } });
  });

  it('may hold keys for other uses beside one for signatures', () => {
    expect(parse({ ...rsa(2048), use: 'enc' }, p384, good)).toHaveProperty('keys');
  });

  it.each([
    ['only a symmetric key', [{ kty: 'oct', k: 'c2VjcmV0' }]],
    ['a symmetric key without its bytes', [good, { kty: 'oct' }]],
    ['a symmetric key beside a good one', [good, { kty: 'oct', k: 'c2VjcmV0', kid: 'two' }]],
    ['the bytes of a secret in a key of another kind', [{ ...good, k: 'c2VjcmV0' }]],
    ['a private key', [secret]],
    ['a private key beside a good one', [good, secret]],
    ['primes of RSA', [{ ...rsa(2048), p: 'AQAB' }]],
  ])('with %s is refused as a whole', (_, keys) => {
    expect(parse(...keys)).toEqual({ refusal: expect.stringContaining('private or symmetric') as string });
  });

  it.each([
    ['nothing in it', []],
    ['a curve that no verifier accepts', [p384]],
    ['Ed448', [ed448]],
    ['a short RSA key', [rsa(1024)]],
    ['a key for encryption', [{ ...good, use: 'enc' }]],
    ['a key of another algorithm', [{ ...rsa(2048), alg: 'RSA-OAEP' }]],
    ['a point that lacks a coordinate', [{ ...good, y: undefined }]],
  ])('with %s is of no use', (_, keys) => {
    expect(parse(...keys)).toEqual({ refusal: expect.stringContaining('no public key') as string });
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"keys":{}}',
    '{"keys":[null]}',
    '{"keys":["a"]}',
    '{"keys":[{}]}',
    '{"keys":[{"kty":1}]}',
    '<html>',
  ])('is not %j', (text) => {
    expect(parseKeySet(text)).toEqual({ refusal: 'is not a key set' });
  });
});
