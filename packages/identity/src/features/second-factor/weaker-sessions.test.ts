import { recordModels } from '@sallyport/core';
import { createInProcessBus } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginSignIn, callerOf, codeOf, setUpApp, verify } from './factor.test-support.ts';
import { onDatabase, startHarness, type Harness } from '../../identity.test-support.ts';

const email = 'robin@example.test';

let harness: Harness;
let id: string;
beforeEach(async () => {
  harness = await startHarness();
  id = await harness.makeUser(email);
});
afterEach(() => harness.close());

const isAlive = async (sid: string) => (await harness.identity.directory.bySid(sid)) !== null;

describe(onDatabase('second factor: sessions from before it was set up'), () => {
  it('end, in all places but the one where it was set up', async () => {
    const [phone, desk] = [await harness.signIn(email), await harness.signIn(email)];
    await setUpApp(harness, { caller: desk.caller });
    expect(await isAlive(phone.sid)).toBe(false);
    expect(await harness.identity.directory.byToken(phone.token)).toBeNull();
    expect(await harness.sessions.findBySid(phone.sid)).toMatchObject({ revokedBecause: 'second-factor-changed' });
    expect(await callerOf(harness, desk.sid)).toMatchObject({ acr: 'mfa' });
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({
        type: 'session.ended-many',
        actor: id,
        target: id,
        details: '{"reason":"second-factor-changed","count":1}',
      }),
    );
    const told = harness.heard.flatMap((message) => (message.kind === 'gap' ? [] : [message.event.id]));
    expect(told).toContain(phone.sid);
  });

  it.each([
    { method: 'POST', path: '/auth/sessions/revoke-others' },
    { method: 'POST', path: '/auth/sessions/revoke-all' },
    { method: 'DELETE', path: '/auth/sessions/:sid' },
  ])('sign no other session out: $method $path', async ({ method, path }) => {
    const [stolen, desk] = [await harness.signIn(email), await harness.signIn(email)];
    await setUpApp(harness, { caller: desk.caller });
    const answer = await harness.call(method, path.replace(':sid', desk.sid), undefined, { caller: stolen.caller });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
    expect(await isAlive(desk.sid)).toBe(true);
  });

  it('leave those alone that are strong enough', async () => {
    const desk = await harness.signIn(email);
    const { secret } = await setUpApp(harness, { caller: desk.caller });
    harness.advance(60);
    const answer = await verify(harness, await beginSignIn(harness, email), codeOf(harness, secret));
    const strong = await harness.identity.directory.byToken(answer.cookie ?? '');
    await setUpApp(harness, { caller: await callerOf(harness, desk.sid) });
    expect(await isAlive(strong?.principal.sid ?? '')).toBe(true);
  });

  it('are refused although the process died before it could end them', async () => {
    const { sid, token } = await harness.signIn(email);
    const { records } = harness.database;
    const row = {
      slot: `${id}:totp`,
      userId: id,
      method: 'totp',
      sealed: 'x',
      lastUsedStep: 0,
      createdAt: harness.now(),
    };
    await records.create({ model: recordModels.factor, data: { ...row, confirmedAt: null } });
    expect(await isAlive(sid)).toBe(true);
    await records.updateMany({
      model: recordModels.factor,
      where: [{ field: 'userId', value: id }],
      update: { confirmedAt: harness.now() },
    });
    expect(await isAlive(sid)).toBe(false);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(await harness.sessions.findBySid(sid)).not.toHaveProperty('revokedAt');
  });

  it('are at no moment too weak in the place where it is set up', async () => {
    const bus = createInProcessBus();
    const looks: Promise<boolean>[] = [];
    const other = await startHarness({ bus });
    try {
      await other.makeUser(email);
      const { caller, sid } = await other.signIn(email);
      // As a gateway does that hears of a change: it looks the session up again, and ends its streams when it finds none.
      bus.subscribe(() => void looks.push(other.identity.directory.bySid(sid).then((session) => session !== null)));
      await setUpApp(other, { caller });
      expect(await Promise.all(looks)).toEqual([true, true]);
    } finally {
      await other.close();
    }
  });
});
