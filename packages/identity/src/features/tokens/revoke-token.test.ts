import { anonymous, type RequestContext } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onDatabase, type Harness } from '../../identity.test-support.ts';
import {
  failToConnect,
  present,
  refreshWith,
  replaceMethods,
  signProgramIn,
  startTokenHarness,
} from './token.test-support.ts';

const email = 'robin@example.test';
const context: RequestContext = { requestId: 'test', clientAddress: '127.0.0.1', caller: anonymous };

describe.each(['opaque', 'jwt'] as const)(onDatabase('ending a token for a service (%s)'), (accessTokens) => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startTokenHarness({ accessTokens });
    await harness.makeUser(email);
  });
  afterEach(() => harness.close());

  const revoke = (token: string): Promise<void> => harness.identity.revokeToken(token, context);
  const endings = async (): Promise<number> =>
    harness.database.records.count({ model: 'sallyportEvent', where: [{ field: 'type', value: 'session.ended' }] });

  it.each(['accessToken', 'refreshToken'] as const)('ends its sign-in and no other, by its %s', async (which) => {
    const [program, other] = [await signProgramIn(harness, email), await signProgramIn(harness, email)];
    await revoke(program[which]);
    expect(await present(harness, program.accessToken)).toMatchObject({ kind: 'rejected' });
    expect((await refreshWith(harness, program.refreshToken)).status).toBe(400);
    expect(await present(harness, other.accessToken)).toMatchObject({ kind: 'authenticated' });
    expect((await refreshWith(harness, other.refreshToken)).status).toBe(200);
  });

  it('is done once by many at the same moment, and is no failure for the others', async () => {
    const { accessToken, refreshToken } = await signProgramIn(harness, email);
    await Promise.all([accessToken, refreshToken, accessToken, refreshToken].map(revoke));
    await revoke(accessToken);
    await revoke(refreshToken);
    // Without transactions the event comes first, of each of those that met.
    if (harness.database.hasTransactions) expect(await endings()).toBe(1);
    expect(await present(harness, accessToken)).toMatchObject({ kind: 'rejected' });
  });

  it('leaves a text alone that is no token, or one whose time is over', async () => {
    const { accessToken, refreshToken } = await signProgramIn(harness, email);
    harness.advance(600);
    for (const text of [
      '',
      'x',
      'a.b.c',
      'sp_at_',
      'sp_rt_',
      accessToken,
      `${refreshToken}x`,
      refreshToken.slice(0, -1),
    ])
      await revoke(text);
    expect(await endings()).toBe(0);
    expect((await refreshWith(harness, refreshToken)).status).toBe(200);
  });

  it('refuses an API key instead of seeming to end it', async () => {
    await expect(revoke(`sp_key_${'a'.repeat(38)}`)).rejects.toMatchObject({ code: 'SP_TOKEN_TYPE_UNSUPPORTED' });
  });

  it('never says that it is done while the store is away, and can be asked again', async () => {
    const { accessToken, refreshToken } = await signProgramIn(harness, email);
    const { records } = harness.database;
    const restore = replaceMethods(records, {
      findOne: failToConnect,
      findMany: failToConnect,
      create: failToConnect,
      updateMany: failToConnect,
    });
    for (const token of [accessToken, refreshToken]) await expect(revoke(token)).rejects.toThrow();
    restore();
    await revoke(accessToken);
    expect((await refreshWith(harness, refreshToken)).status).toBe(400);
  });
});
