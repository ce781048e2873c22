import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { internalTokenType, recordModels, type AuthenticationOutcome, type KeyRing } from '@sallyport/core';
import { onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  bearerOf,
  claimsOf,
  endsOfSignIn,
  failToConnect,
  present,
  refreshWith,
  replaceMethods,
  robin as email,
  signProgramIn,
  startTokenHarness,
} from './token.test-support.ts';

let harness: Harness;
let id: string;
beforeEach(async () => {
  harness = await startTokenHarness();
  id = await harness.makeUser(email);
});
afterEach(() => harness.close());

const invalid = { kind: 'rejected', code: 'SP_TOKEN_INVALID' };
const permitted = (permissions: readonly string[]) => ({
  kind: 'authenticated',
  caller: { principal: { permissions } },
});
const ringOf = (): KeyRing => harness.keyRing ?? expect.fail('there is a key ring');
const reasonOf = (outcome: AuthenticationOutcome | 'not-recognized'): string | undefined =>
  outcome !== 'not-recognized' && outcome.kind === 'rejected' ? outcome.reason : undefined;

describe(onDatabase('an access token at the gateway'), () => {
  it('is its user, with the permissions of the roles, and no look at a store', async () => {
    const { accessToken, sid } = await signProgramIn(harness, email);
    const restore = takeStoresAway();
    const outcome = await present(harness, accessToken);
    restore();
    expect(outcome).toMatchObject({
      kind: 'authenticated',
      caller: {
        endedBy: [],
        principal: {
          kind: 'user',
          id,
          sid,
          clientId: 'sallyport-first-party',
          roles: ['user'],
          permissions: ['product:read'],
          acr: 'pwd',
          amr: ['pwd'],
          credential: 'bearer',
          generation: { session: 1, user: 1 },
          profile: { name: 'Robin Doe', email },
        },
      },
    });
  });

  it('has the permissions of its roles anew after half a minute, where a change of them was not heard', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    expect(await present(harness, accessToken)).toMatchObject(permitted(['product:read']));
    await harness.database.records.updateMany({
      model: recordModels.role,
      where: [{ field: 'name', value: 'user' }],
      update: { permissions: '', generation: 1 },
    });
    harness.advance(31);
    expect(await present(harness, accessToken)).toMatchObject(permitted([]));
  });

  it('is the same object each time, so that one token is made for it', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const [one, other] = [await present(harness, accessToken), await present(harness, accessToken)];
    expect(one).toMatchObject({ kind: 'authenticated' });
    expect((one as { caller: object }).caller).toBe((other as { caller: object }).caller);
  });

  it('ends when its time is over, and says that it is this', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    harness.advance(599);
    expect(await present(harness, accessToken)).toMatchObject({ kind: 'authenticated' });
    harness.advance(1);
    expect(await present(harness, accessToken)).toMatchObject({ kind: 'rejected', code: 'SP_TOKEN_EXPIRED' });
  });

  const ends: typeof endsOfSignIn = [
    ...endsOfSignIn,
    { name: 'a change of the roles of its user', end: () => harness.identity.accounts.setRoles(id, ['vendor']) },
    {
      name: 'two uses of one refresh token',
      end: async (_, __, { refreshToken }) => {
        await refreshWith(harness, refreshToken);
        harness.advance(31);
        await refreshWith(harness, refreshToken);
      },
    },
  ];

  it.each(ends)('is refused at once after $name', async ({ end }) => {
    const program = await signProgramIn(harness, email);
    expect(await present(harness, program.accessToken)).toMatchObject({ kind: 'authenticated' });
    await end(harness, id, program);
    expect(await present(harness, program.accessToken)).toMatchObject({ ...invalid, reason: 'revoked' });
    const unseen = await bearerOf(harness).recheck(handleOf(program.accessToken));
    expect(unseen).toBeNull();
  });

  it('of one device lives on when another one is signed out', async () => {
    const [one, other] = [await signProgramIn(harness, email), await signProgramIn(harness, email)];
    await refreshWith(harness, other.refreshToken, 'revoke');
    expect(await present(harness, one.accessToken)).toMatchObject({ kind: 'authenticated' });
  });
});

describe(onDatabase('an access token at the gateway: refusals'), () => {
  it.each([
    'Basic cm9iaW46eA==',
    'Bearer',
    'Bearer sp_at_opaque',
    'Bearer a.b',
    'Bearer a.b.c.d',
    'Bearer a.b.c d',
    '',
  ])('leave %j to others', (value) => {
    expect(bearerOf(harness).recognize({ header: 'authorization', value })).toBeUndefined();
    expect(bearerOf(harness).recognize({ header: 'x-api-key', value })).toBeUndefined();
  });

  it.each([
    { name: 'made by another issuer', change: { iss: 'http://localhost:3000/internal' } },
    { name: 'made for a service', change: { aud: 'shop' } },
    { name: 'made for a service as well', change: { aud: ['http://localhost:3000', 'shop'] } },
    { name: 'of no session', change: { sid: undefined } },
    { name: 'of a session in a cookie', change: { cred: 'session' } },
    { name: 'of a service', change: { sub_type: 'service' } },
    { name: 'without an end', change: { exp: undefined } },
    { name: 'that lives for a day', change: { exp: Math.floor(Date.now() / 1000) + 86_400 } },
  ])('are for a token that is $name, under the very key', async ({ change }) => {
    const { accessToken } = await signProgramIn(harness, email);
    const forged = ringOf().sign('client', internalTokenType, { ...claimsOf(accessToken), ...change });
    expect(await present(harness, forged)).toMatchObject(invalid);
  });

  it('are for the token of a service, whose key is another one', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const foreign = ringOf().sign('internal', internalTokenType, claimsOf(accessToken));
    expect(await present(harness, foreign)).toMatchObject(invalid);
  });

  it('are for another type, another signature and none', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const [header = '', payload = '', signature = ''] = accessToken.split('.');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    const forged = [
      ringOf().sign('client', 'JWT', claimsOf(accessToken)),
      [header, payload, `${signature.slice(0, 10)}AAAA${signature.slice(14)}`].join('.'),
      [unsigned, payload, signature].join('.'),
      [
        header,
        Buffer.from(JSON.stringify({ ...claimsOf(accessToken), roles: ['admin'] })).toString('base64url'),
        signature,
      ].join('.'),
    ];
    for (const token of forged) expect(await present(harness, token)).toMatchObject(invalid);
  });
});

describe(onDatabase('an access token at the gateway: what may have been missed'), () => {
  const gap = (): void => (harness.bus as { announceGap?: () => void }).announceGap?.();

  it('has its session looked up once after a gap', async () => {
    const { accessToken, sid } = await signProgramIn(harness, email);
    harness.advance(5);
    gap();
    harness.advance(5);
    let reads = 0;
    const { directory } = harness.identity;
    const reading = directory.bySid.bind(directory);
    const restore = replaceMethods(directory, {
      bySid: (one: string) => {
        reads += one === sid ? 1 : 0;
        return reading(one);
      },
    });
    for (let count = 0; count < 3; count++)
      expect(await present(harness, accessToken)).toMatchObject({ kind: 'authenticated' });
    restore();
    expect(reads).toBe(1);
  });

  it('is refused when its sign-in ended unheard', async () => {
    const { accessToken, sid } = await signProgramIn(harness, email);
    await harness.sessions.revoke(sid, id, 'signed-out', harness.now());
    harness.advance(5);
    gap();
    expect(reasonOf(await present(harness, accessToken))).toBe('session-ended');
  });

  it('is refused when the authority of its user changed unheard', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    await harness.database.records.updateMany({
      model: 'user',
      where: [{ field: 'id', value: id }],
      update: { generation: 7 },
    });
    harness.advance(5);
    gap();
    expect(reasonOf(await present(harness, accessToken))).toBe('generation-outdated');
  });

  it('is good until it ends while that cannot be found out, and what is heard counts all the same', async () => {
    const [one, other] = [await signProgramIn(harness, email), await signProgramIn(harness, email)];
    await present(harness, one.accessToken);
    harness.advance(5);
    gap();
    const restore = takeStoresAway();
    expect(await present(harness, one.accessToken)).toMatchObject({ kind: 'authenticated' });
    expect(await present(harness, other.accessToken)).toMatchObject({ kind: 'authenticated' });
    await harness.bus.publish({
      kind: 'session',
      id: one.sid,
      minGeneration: Number.MAX_SAFE_INTEGER,
      at: harness.now(),
      reason: 'signed-out',
    });
    expect(reasonOf(await present(harness, one.accessToken))).toBe('revoked');
    harness.advance(600);
    expect(reasonOf(await present(harness, other.accessToken))).toBe('out-of-date');
    restore();
  });

  it('has no permission that is known to be outdated while the roles cannot be read', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    expect(await present(harness, accessToken)).toMatchObject(permitted(['product:read']));
    await harness.database.records.updateMany({
      model: recordModels.role,
      where: [{ field: 'name', value: 'user' }],
      update: { permissions: '', generation: 1 },
    });
    const restore = takeStoresAway();
    const at = harness.now();
    await harness.bus.publish({ kind: 'policy', id: 'user', minGeneration: 1, at, reason: 'role-changed' });
    const outcome = await present(harness, accessToken).catch(() => 'no answer');
    restore();
    expect(await present(harness, accessToken)).toMatchObject(permitted([]));
    expect(outcome).toBe('no answer');
  });

  it('is read anew by its handle, which is good for its own time alone', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const bearer = bearerOf(harness);
    expect(await bearer.recheck(handleOf(accessToken))).toMatchObject({ principal: { id, credential: 'bearer' } });
    for (const made of ['', 'x', handleOf(accessToken).replace(/\.1$/, '.2'), `${handleOf(accessToken)}.1`])
      expect(await bearer.recheck(made)).toBeNull();
    harness.advance(600);
    expect(await bearer.recheck(handleOf(accessToken))).toBeNull();
  });
});

/** The handle that the gateway is given, from the claims. */
function handleOf(accessToken: string): string {
  const { sid, exp, gen } = claimsOf(accessToken) as {
    readonly sid: string;
    readonly exp: number;
    readonly gen: { readonly u: number; readonly s: number };
  };
  return `${sid}.${exp}.${gen.u}.${gen.s}`;
}

/** From now on every read of the database fails, until it is restored. */
function takeStoresAway(): () => void {
  return replaceMethods(harness.database.records, { findOne: failToConnect, findMany: failToConnect });
}
