import type { AuthenticationOutcome } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  bearerOf,
  failToConnect,
  present,
  refreshWith,
  replaceMethods,
  signProgramIn,
  startTokenHarness,
  type Program,
} from './token.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
let id: string;
beforeEach(async () => {
  harness = await startTokenHarness({ accessTokens: 'opaque' });
  id = await harness.makeUser(email);
});
afterEach(() => harness.close());

const invalid = { kind: 'rejected', code: 'SP_TOKEN_INVALID' };
const callerOf = (outcome: AuthenticationOutcome | 'not-recognized') =>
  outcome !== 'not-recognized' && outcome.kind === 'authenticated' ? outcome.caller : expect.fail('it is good');

describe(onDatabase('an opaque access token'), () => {
  it('is what a sign-in and a refresh give, and says nothing of its user', async () => {
    const { accessToken, refreshToken } = await signProgramIn(harness, email);
    const refreshed = (await refreshWith(harness, refreshToken)).body as { readonly access_token: string };
    for (const token of [accessToken, refreshed.access_token]) {
      expect(token).toMatch(/^sp_at_[\w-]{89}$/);
      expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('robin');
    }
    expect(refreshed).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
  });

  it('is in no row of the database', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const parts = [accessToken, accessToken.slice(35)];
    for (const model of ['sallyportSession', 'sallyportTokenFamily', 'sallyportEvent']) {
      const rows = JSON.stringify(await harness.database.records.findMany({ model }));
      for (const part of parts) expect(rows).not.toContain(part);
    }
  });

  it('is its user as stored now, through its sign-in', async () => {
    const { accessToken, sid } = await signProgramIn(harness, email);
    expect(callerOf(await present(harness, accessToken))).toMatchObject({
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
        credential: 'opaque',
        profile: { name: 'Robin Doe', email },
      },
    });
  });

  it('has the roles of now, without a refresh', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    await harness.identity.accounts.setRoles(id, ['vendor']);
    expect(callerOf(await present(harness, accessToken)).principal.roles).toEqual(['vendor']);
  });

  it('ends when its time is over, and says that it is this', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    harness.advance(599);
    expect(callerOf(await present(harness, accessToken)).expiresAt).toBeInstanceOf(Date);
    harness.advance(1);
    expect(await present(harness, accessToken)).toMatchObject({ kind: 'rejected', code: 'SP_TOKEN_EXPIRED' });
  });

  it('is good beside those that were issued after it, until its own time is over', async () => {
    const { accessToken, refreshToken } = await signProgramIn(harness, email);
    await refreshWith(harness, refreshToken);
    expect(await present(harness, accessToken)).toMatchObject({ kind: 'authenticated' });
  });
});

describe(onDatabase('an opaque access token is refused'), () => {
  it.each([
    {
      name: 'its sign-in is revoked',
      end: ({ refreshToken }: Program) => refreshWith(harness, refreshToken, 'revoke'),
    },
    { name: 'its user is banned', end: () => harness.identity.accounts.setBanned(id, true) },
    { name: 'an operator ends its sign-in', end: () => harness.identity.accounts.endSessions(id) },
    {
      name: 'its owner signs out everywhere',
      end: async () => {
        const { caller } = await harness.signIn(email);
        await harness.call('POST', '/auth/sessions/revoke-all', undefined, { caller });
      },
    },
    {
      name: 'its refresh token is used by two',
      end: async ({ refreshToken }: Program) => {
        await refreshWith(harness, refreshToken);
        harness.advance(31);
        await refreshWith(harness, refreshToken);
      },
    },
    {
      name: 'the password changes',
      end: async () => {
        await harness.call('POST', '/auth/request-password-reset', { email });
        const token = await harness.linkToken(email, 'reset-password');
        await harness.call('POST', '/auth/reset-password', { token, newPassword: `${goodPassword}-2` });
      },
    },
  ])('as soon as $name', async ({ end }) => {
    const program = await signProgramIn(harness, email);
    const { credentialId } = callerOf(await present(harness, program.accessToken));
    await end(program);
    expect(await present(harness, program.accessToken)).toMatchObject({ ...invalid, reason: 'session-ended' });
    expect(await bearerOf(harness).recheck(credentialId)).toBeNull();
  });

  it('under the handle of the session of a browser', async () => {
    const { caller } = await harness.signIn(email);
    const sid = caller.kind === 'user' ? caller.sid : undefined;
    const { credentialId } = callerOf(await present(harness, (await signProgramIn(harness, email)).accessToken));
    const [, end] = credentialId.split('.');
    expect(await bearerOf(harness).recheck(`${sid ?? ''}.${end ?? ''}`)).toBeNull();
    for (const made of ['', 'x', `${credentialId}.1`, credentialId.replace('.', ' ')])
      expect(await bearerOf(harness).recheck(made)).toBeNull();
  });

  it('without a look at a store when it was not issued here', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const restore = replaceMethods(harness.identity.directory, { bySid: () => expect.fail('nothing is read') });
    for (const made of [accessToken.slice(0, -1), `${accessToken.slice(0, -1)}_`, 'sp_at_', `sp_at_${'a'.repeat(89)}`])
      expect(await present(harness, made)).toMatchObject({ ...invalid, reason: 'opaque-token-unknown' });
    restore();
  });

  it('never because a store is away: that cannot be found out', async () => {
    const { accessToken } = await signProgramIn(harness, email);
    const restore = replaceMethods(harness.database.records, { findOne: failToConnect, findMany: failToConnect });
    await expect(present(harness, accessToken)).rejects.toThrow();
    restore();
    expect(await present(harness, accessToken)).toMatchObject({ kind: 'authenticated' });
  });

  it.each(['Basic c3BfYXRfeA==', 'Bearer', 'Bearer a.b.c', 'Bearer sp_rt_x', 'sp_at_x', 'ApiKey sp_at_x', ''])(
    'by no look at %j, which is for others',
    (value) => {
      expect(bearerOf(harness).recognize({ header: 'authorization', value })).toBeUndefined();
      expect(bearerOf(harness).recognize({ header: 'x-api-key', value: 'Bearer sp_at_x' })).toBeUndefined();
    },
  );
});
