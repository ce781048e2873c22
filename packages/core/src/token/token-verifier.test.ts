import { describe, expect, it } from 'vitest';
import { OptionsError } from '../options/options-error.ts';
import { SallyportError } from '../errors/sallyport-error.ts';
import { goodClaims } from './good-claims.test-support.ts';
import { createLocalKeySource } from './key-source.ts';
import { createVerifier, encode, keys, seconds, sign, theirs } from './token-verifier.test-support.ts';

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

  it('is not taken for another one that ends in the same signature', async () => {
    const verifier = createVerifier();
    const token = await sign();
    const principal = await verifier.verify(token);
    const [header = '', , signature = ''] = token.split('.');
    const forged = [header, encode({ ...goodClaims(), roles: ['admin'] }), signature].join('.');
    expect(verifier.recall(forged)).toBeUndefined();
    expect(verifier.recallHeader?.(`Bearer ${forged}`)).toBeUndefined();
    await expect(verifier.verify(forged)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
    expect(verifier.recall(token)).toBe(principal);
  });

  it('is recalled by the header that presents it, as most clients spell it', async () => {
    const verifier = createVerifier();
    const token = await sign();
    expect(verifier.recallHeader?.(`Bearer ${token}`)).toBeUndefined();
    const principal = await verifier.verify(token);
    expect(verifier.recallHeader?.(`Bearer ${token}`)).toBe(principal);
    for (const other of [
      token,
      `bearer ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} `,
      `Bearer ${token}, Bearer ${token}`,
    ])
      expect(verifier.recallHeader?.(other)).toBeUndefined();
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

describe('building a verifier', () => {
  it.each([{ issuer: '' }, { audience: '' }])('refuses %j', (options) => {
    expect(() => createVerifier(options)).toThrow(OptionsError);
  });
});

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
