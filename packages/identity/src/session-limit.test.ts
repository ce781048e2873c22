import { OptionsError } from '@sallyport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { canRace, goodPassword, onDatabase, startHarness, type Answer, type Harness } from './identity.test-support.ts';
import type { SessionLimitRules } from './sessions/session-limit.ts';

const email = 'robin@example.test';

let harnesses: Harness[] = [];
let harness: Harness;
let userId: string;
afterEach(() => Promise.all(harnesses.splice(0).map((one) => one.close())));

async function start(sessionLimit: SessionLimitRules | undefined): Promise<void> {
  harness = await startHarness({ sessionLimit });
  harnesses = [harness];
  userId = await harness.makeUser(email);
}

const post = ({ call }: Harness): Promise<Answer> =>
  call('POST', '/auth/sign-in/email', { email, password: goodPassword });
/** Roles are announced at the start. */
const heardOfSessions = () =>
  harness.heard.filter((message) => message.kind === 'revocation' && message.event.kind === 'session');
const isLive = async (token: string): Promise<boolean> => (await harness.identity.directory.byToken(token)) !== null;
const liveCount = async (): Promise<number> => (await harness.sessions.listLive(userId, harness.now())).length;

describe(onDatabase('an account with as many sessions as it may have'), () => {
  it('has no such number unless there is one', async () => {
    await start(undefined);
    for (let index = 0; index < 12; index += 1) await harness.signIn(email);
    expect(await liveCount()).toBe(12);
  });

  it('loses its oldest session to a new one, and every gateway hears why', async () => {
    await start({ maximum: 2, onLimit: 'end-oldest' });
    const signedIn = [];
    for (let index = 0; index < 4; index += 1) {
      signedIn.push(await harness.signIn(email));
      harness.advance(1);
    }
    expect(await Promise.all(signedIn.map(({ token }) => isLive(token)))).toEqual([false, false, true, true]);
    const { sid = '' } = signedIn[0] ?? {};
    expect(await harness.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'session-limit' });
    expect(heardOfSessions()).toMatchObject([
      { kind: 'revocation', event: { kind: 'session', id: sid, reason: 'session-limit' } },
      { kind: 'revocation', event: { kind: 'session', id: signedIn[1]?.sid, reason: 'session-limit' } },
    ]);
    const events = await harness.events();
    expect(events.filter(({ type }) => type === 'session.ended')).toHaveLength(2);
  });

  it('gets no further session where that is refused, and keeps those that it has', async () => {
    await start({ maximum: 2, onLimit: 'refuse' });
    const [one, other] = [await harness.signIn(email), await harness.signIn(email)];
    const answer = await post(harness);
    expect(answer).toMatchObject({ status: 409, body: { code: 'SP_TOO_MANY_SESSIONS' }, cookie: undefined });
    expect(await Promise.all([one, other].map(({ token }) => isLive(token)))).toEqual([true, true]);
    expect(await liveCount()).toBe(2);
    expect(heardOfSessions()).toEqual([]);
    await harness.call('POST', '/auth/sign-out', undefined, { caller: one.caller });
    expect((await post(harness)).status).toBe(200);
  });

  it('is not counted against by guessing: the password was right', async () => {
    await start({ maximum: 1, onLimit: 'refuse' });
    await harness.signIn(email);
    for (let index = 0; index < 25; index += 1) expect((await post(harness)).status).toBe(409);
  });

  it.each(['end-oldest', 'refuse'] as const)('may sign in again in the same browser (%s)', async (onLimit) => {
    await start({ maximum: 1, onLimit });
    const { caller, token } = await harness.signIn(email);
    harness.advance(1);
    const again = await harness.signIn(email, { caller });
    expect([await isLive(token), await isLive(again.token)]).toEqual([false, true]);
  });

  it('is no other account', async () => {
    await start({ maximum: 1, onLimit: 'refuse' });
    await harness.makeUser('kim@example.test');
    await harness.signIn(email);
    await harness.signIn('kim@example.test');
    expect(await liveCount()).toBe(1);
  });

  it('does not count sessions that ended by themselves', async () => {
    await start({ maximum: 1, onLimit: 'refuse' });
    await harness.signIn(email);
    harness.advance(13 * 60 * 60);
    expect((await post(harness)).status).toBe(200);
  });

  it.each(['end-oldest', 'refuse'] as const)(
    'never has more when twenty sign in at the same moment through two gateways (%s)',
    async (onLimit) => {
      if (!canRace()) return;
      await start({ maximum: 3, onLimit });
      const other = await startHarness({
        sessionLimit: { maximum: 3, onLimit },
        database: harness.database,
        sessions: harness.sessions,
      });
      harnesses.push(other);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => post(index % 2 === 0 ? harness : other)),
      );
      const live = await liveCount();
      expect(live).toBeLessThanOrEqual(3);
      if (onLimit === 'end-oldest') expect(live).toBe(3);
      const tokens = answers.flatMap(({ status, cookie }) => (status === 200 ? [cookie ?? ''] : []));
      const good = await Promise.all(tokens.map(isLive));
      expect(good.filter(Boolean)).toHaveLength(live);
      // With no more than the limit signed in, no user is told that they are and are not.
      if (onLimit === 'refuse') expect(good).not.toContain(false);
    },
  );

  it('must have a number that can be', async () => {
    await expect(startHarness({ sessionLimit: { maximum: 0, onLimit: 'refuse' } })).rejects.toThrow(OptionsError);
  });
});
