import { createHmac, randomBytes } from 'node:crypto';
import { OptionsError, createTokenVerifier, internalTokenType, type LogFields } from '@sallyport/core';
import { createTestIssuer } from '@sallyport/testing';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { openSharedSecretRing } from './shared-secret-ring.ts';

const make = (): string => randomBytes(32).toString('base64url');

describe('a ring with a shared secret', () => {
  it('signs with the first of two, so that a verifier that knows either accepts it', async () => {
    const [newer, older] = [make(), make()];
    const ring = await openSharedSecretRing({ secrets: `${newer},${older}` });
    const token = ring.sign('internal', internalTokenType, { sub: 'ada' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: ring.sharedSecret?.kids[0] });
    const input = token.slice(0, token.lastIndexOf('.'));
    expect(token).toBe(`${input}.${createHmac('sha256', newer).update(input).digest('base64url')}`);
  });

  it('makes tokens that its own verifiers and those of services believe, and names secrets as others do', async () => {
    const secret = make();
    const ring = await openSharedSecretRing({ secrets: secret });
    const issuer = createTestIssuer({ sharedSecret: secret });
    const theirs = issuer.sign();
    expect(decodeProtectedHeader(theirs).kid).toBe(ring.sharedSecret?.kids[0]);
    const ours = ring.sign('internal', internalTokenType, decodeJwt(theirs));
    const { keySource } = ring.sharedSecret ?? {};
    if (keySource === undefined) throw new TypeError('there is no key source');
    const { verify } = createTokenVerifier({ issuer: issuer.issuer, audience: issuer.audience, keys: keySource });
    for (const token of [ours, theirs]) expect(await verify(token)).toMatchObject({ id: 'user-1' });
    await expect(verify(createTestIssuer({ sharedSecret: make() }).sign())).rejects.toMatchObject({ status: 401 });
  });

  it('publishes nothing, and lists nothing of the secret', async () => {
    const secret = make();
    const ring = await openSharedSecretRing({ secrets: secret });
    expect(ring.publicKeys('internal')).toEqual({ keys: [] });
    expect(await ring.list()).toEqual([]);
    expect(JSON.stringify(ring)).not.toContain(secret);
  });

  it('warns where it signs for long, by the id of the secret alone', async () => {
    const secret = make();
    const warned: [string, LogFields?][] = [];
    const logger = { info: () => {}, error: () => {}, warn: (...line: [string, LogFields?]) => void warned.push(line) };
    const ring = await openSharedSecretRing({ secrets: secret, logger });
    expect(warned).toEqual([]);
    await ring.start();
    expect(warned).toMatchObject([[expect.stringContaining('shared secret'), { kid: ring.sharedSecret?.kids[0] }]]);
    expect(JSON.stringify(warned)).not.toContain(secret);
  });

  it('does not rotate, withdraw, or sign for another use', async () => {
    const ring = await openSharedSecretRing({ secrets: make() });
    await expect(ring.rotate('internal', 'now')).rejects.toThrow('by configuration');
    await expect(ring.withdraw(ring.sharedSecret?.kids[0] ?? '')).rejects.toThrow('by configuration');
    for (const use of ['oidc', 'client', 'logout'] as const) expect(() => ring.sign(use, 'JWT', {})).toThrow(TypeError);
    expect(ring.signatureCount).toBe(0);
  });

  it.each(['', 'short', make().slice(1), `${make()},${make()},${make()}`])('is not opened with %j', async (secrets) => {
    await expect(openSharedSecretRing({ secrets })).rejects.toThrow(OptionsError);
  });
});
