import { readFileSync } from 'node:fs';
import path from 'node:path';
import { importJWK, jwtVerify, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createLocalKeySource, type KeySource } from './key-source.ts';
import { createTokenVerifier } from './token-verifier.ts';

const issuer = 'https://gateway.test/internal';
const audience = 'shop';
const vectors = path.resolve(import.meta.dirname, '../../../../test/vectors');
const wycheproofGroups = readWycheproof(path.join(vectors, 'wycheproof/json_web_signature_test.json'));

describe('the signatures of Project Wycheproof', () => {
  it('are there for ES256 and for shared secrets', () => {
    expect(wycheproofGroups.map(({ key }) => key.kty)).toEqual(expect.arrayContaining(['EC', 'oct']));
  });

  it.each(wycheproofGroups)('of $name are told apart: $tests.length', async ({ key, tests }) => {
    const secret = key.kty === 'oct' ? await importJWK(key, 'HS256') : undefined;
    const source: KeySource =
      secret === undefined
        ? createLocalKeySource({ keys: [key] })
        : { kind: 'shared-secret', getKey: () => Promise.resolve(secret) };
    const wrong: string[] = [];
    for (const { tcId, comment, jws, result } of tests) {
      // The payloads are no claims of ours, so a good signature shows by how far the check came.
      const isAccepted = await verifySignature(jws, key);
      if (isAccepted !== (result === 'valid')) wrong.push(`${tcId} ${comment}: ${result}`);
      await expect(createTokenVerifier({ issuer, audience, keys: source }).verify(jws)).rejects.toMatchObject({
        code: 'SP_TOKEN_INVALID',
      });
    }
    expect(wrong).toEqual([]);
  });
});

describe('the keys and tokens of RFC 7520', () => {
  it.each(['4_1.rsa_v15_signature', '4_3.ecdsa_signature', '4_4.hmac-sha2_integrity_protection'])(
    'are no tokens of ours: %s',
    async (name) => {
      const text = readFileSync(path.join(vectors, `rfc7520/${name}.json`), 'utf8');
      // The files of the RFC have this shape.
      const vector = JSON.parse(text) as { input: { key: JWK }; output: { compact: string } };
      const { d: _, ...publicJwk } = vector.input.key;
      const source = createLocalKeySource({ keys: [publicJwk] });
      await expect(
        createTokenVerifier({ issuer, audience, keys: source }).verify(vector.output.compact),
      ).rejects.toMatchObject({
        code: 'SP_TOKEN_INVALID',
      });
    },
  );
});

interface WycheproofGroup {
  readonly name: string;
  readonly key: JWK;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly jws: string;
    readonly result: string;
  }[];
}

/** The groups that are about ES256, with which the gateway signs by default, and about shared secrets. */
function readWycheproof(file: string): readonly WycheproofGroup[] {
  // The files of Wycheproof have this shape.
  const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as {
    testGroups: { comment: string; public?: JWK; private?: JWK; tests: WycheproofGroup['tests'] }[];
  };
  return testGroups.flatMap(({ comment, public: key, private: secret, tests }) => {
    if (key?.alg === 'ES256') return [{ name: comment, key, tests }];
    // The group about base64 has a JWS with a question mark in it that is to be valid: nothing like that gets as far as jose.
    if (comment === 'base64') return [];
    return secret?.kty === 'oct' && secret.alg === 'HS256' ? [{ name: `${comment} (HS256)`, key: secret, tests }] : [];
  });
}

async function verifySignature(jws: string, key: JWK): Promise<boolean> {
  try {
    const alg = key.kty === 'oct' ? 'HS256' : 'ES256';
    await jwtVerify(jws, await importJWK(key, alg), { algorithms: [alg] });
    return true;
  } catch (error) {
    // Past the signature: what is wrong is only that the payload is not a set of claims.
    return error instanceof Error && error.message.includes('JWT Claims Set');
  }
}
