import { anonymous, SallyportError, type Caller, type SecurityEvent } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRace, goodPassword, onDatabase, startHarness, type Harness } from './identity.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

const email = 'robin@example.test';
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

interface Listed {
  readonly sid: string;
  readonly current: boolean;
}

async function listOf(caller: Caller): Promise<readonly Listed[]> {
  const { body } = await harness.call('GET', '/auth/sessions', undefined, { caller });
  return (body as { readonly sessions: readonly Listed[] }).sessions;
}

describe(onDatabase('the session of a browser'), () => {
  it('is described without its token', async () => {
    const id = await harness.makeUser(email);
    const { caller, sid, token } = await harness.signIn(email);
    const answer = await harness.call('GET', '/auth/session', undefined, { caller });
    const at = harness.now();
    const after = (hours: number) => new Date(at.getTime() + hours * 3_600_000).toISOString();
    expect(answer.body).toEqual({
      status: 'signed-in',
      csrfToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as string,
      user: { id, name: 'Robin Doe', email, roles: ['user'], permissions: ['product:read'] },
      session: {
        sid,
        acr: 'pwd',
        amr: ['pwd'],
        authTime: at.toISOString(),
        createdAt: at.toISOString(),
        idleExpiresAt: after(12),
        idleSeconds: 43_200,
        absoluteExpiresAt: after(7 * 24),
      },
    });
    expect(answer.text).not.toContain(token);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is none for who is not signed in, and for who was', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    for (const who of [anonymous, caller]) {
      expect(await harness.call('GET', '/auth/session', undefined, { caller: who })).toMatchObject({
        status: 200,
        body: { status: 'signed-out' },
      });
    }
  });

  it('ends when it was not used for twelve hours', async () => {
    await harness.makeUser(email);
    const { token } = await harness.signIn(email);
    harness.advance(12 * 60 * 60);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
  });

  it('lives on when it is used, but not for more than seven days', async () => {
    await harness.makeUser(email);
    const { token, sid } = await harness.signIn(email);
    for (let step = 0; step < 15; step += 1) {
      harness.advance(11 * 60 * 60);
      expect(await harness.identity.directory.byToken(token)).not.toBeNull();
      await harness.identity.directory.recordActivity(sid, harness.now());
    }
    harness.advance(11 * 60 * 60);
    expect(await harness.identity.directory.byToken(token)).toBeNull();
  });

  it.each(['', 'short', 'x'.repeat(129), 'A'.repeat(32), `${'a'.repeat(31)}.`])(
    'is not found by the made-up token %j',
    async (token) => {
      expect(await harness.identity.directory.byToken(token)).toBeNull();
    },
  );
});

describe(onDatabase('sign-out'), () => {
  it('ends the session and clears the cookie', async () => {
    await harness.makeUser(email);
    const { caller, token, sid } = await harness.signIn(email);
    const answer = await harness.call('POST', '/auth/sign-out', undefined, { caller });
    expect(answer).toMatchObject({ status: 204, cookie: '' });
    expect(answer.headers.get('set-cookie')).toBe('sallyport-3000=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
    expect(await harness.identity.directory.byToken(token)).toBeNull();
    expect(harness.heard).toMatchObject([{ event: { kind: 'session', id: sid, reason: 'signed-out' } }]);
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({ type: 'session.ended', sid, details: '{"reason":"signed-out"}' }),
    );
  });

  it('clears the cookie also for who is signed out already', async () => {
    expect(await harness.call('POST', '/auth/sign-out', {})).toMatchObject({ status: 204, cookie: '' });
  });
});

describe(onDatabase('the list of sessions'), () => {
  it('names the browser, the system and which one this is', async () => {
    await harness.makeUser(email);
    const here = await harness.signIn(email, { headers: { 'user-agent': chrome }, address: '198.51.100.4' });
    harness.advance(1);
    await harness.signIn(email, { headers: { 'user-agent': '<script>' } });
    const { body, text } = await harness.call('GET', '/auth/sessions', undefined, { caller: here.caller });
    expect(body).toMatchObject({
      sessions: [
        { current: false, label: 'Unknown browser' },
        {
          sid: here.sid,
          current: true,
          label: 'Chrome on Linux',
          browser: 'Chrome 140',
          system: 'Linux',
          address: '198.51.100.4',
          acr: 'pwd',
          amr: ['pwd'],
        },
      ],
    });
    expect(text).not.toContain(here.token);
    expect(text).not.toContain('tokenHash');
  });

  it('is for who is signed in', async () => {
    const answer = await harness.call('GET', '/auth/sessions');
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
    expect(answer.headers.get('www-authenticate')).not.toBeNull();
  });

  it('is refused to a session that ended after the gateway had looked', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    await harness.call('POST', '/auth/sign-out', undefined, { caller });
    expect((await harness.call('GET', '/auth/sessions', undefined, { caller })).status).toBe(401);
  });
});

describe(onDatabase('ending a session from another one'), () => {
  it('signs that browser out, and leaves this cookie alone', async () => {
    await harness.makeUser(email);
    const [here, there] = [await harness.signIn(email), await harness.signIn(email)];
    const answer = await harness.call('DELETE', `/auth/sessions/${there.sid}`, undefined, { caller: here.caller });
    expect(answer).toMatchObject({ status: 204, cookie: undefined });
    expect(await harness.identity.directory.byToken(there.token)).toBeNull();
    expect(await listOf(here.caller)).toMatchObject([{ sid: here.sid, current: true }]);
    expect(harness.heard).toMatchObject([{ event: { id: there.sid, reason: 'signed-out-elsewhere' } }]);
  });

  it('is a sign-out when it is the own one', async () => {
    await harness.makeUser(email);
    const { caller, sid } = await harness.signIn(email);
    expect(await harness.call('DELETE', `/auth/sessions/${sid}`, undefined, { caller })).toMatchObject({
      status: 204,
      cookie: '',
    });
    expect(await harness.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out' });
  });

  it("refuses another user's session in the words for one that never was", async () => {
    await harness.makeUser(email);
    await harness.makeUser('victim@example.test');
    const [own, victim] = [await harness.signIn(email), await harness.signIn('victim@example.test')];
    const foreign = await harness.call('DELETE', `/auth/sessions/${victim.sid}`, undefined, { caller: own.caller });
    const unknown = await harness.call('DELETE', '/auth/sessions/nothing', undefined, { caller: own.caller });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'SP_NOT_FOUND' } });
    expect(foreign.text).toBe(unknown.text);
    expect(await harness.identity.directory.byToken(victim.token)).not.toBeNull();
  });

  it.skipIf(!canRace())('is done by one of ten who try at once', async () => {
    await harness.makeUser(email);
    const [here, there] = [await harness.signIn(email), await harness.signIn(email)];
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        harness.call('DELETE', `/auth/sessions/${there.sid}`, undefined, { caller: here.caller }),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(9);
  });
});

describe(onDatabase('ending many sessions'), () => {
  it('ends the others and keeps this one', async () => {
    await harness.makeUser(email);
    const signedIn = await Promise.all(Array.from({ length: 5 }, () => harness.signIn(email)));
    const here = signedIn[0] ?? (await harness.signIn(email));
    const answer = await harness.call('POST', '/auth/sessions/revoke-others', {}, { caller: here.caller });
    expect(answer).toMatchObject({ status: 200, body: { ended: 4 }, cookie: undefined });
    expect(await listOf(here.caller)).toMatchObject([{ sid: here.sid, current: true }]);
    expect(harness.heard).toHaveLength(4);
  });

  it('ends more sessions than fit on one page of the database', async () => {
    const id = await harness.makeUser(email);
    const here = await harness.signIn(email);
    const [record] = await harness.sessions.listLive(id, harness.now());
    for (let index = 0; index < 130; index += 1)
      if (record !== undefined)
        await harness.sessions.create({ ...record, sid: `other-${index}`, tokenHash: `hash-${index}` });
    const answer = await harness.call('POST', '/auth/sessions/revoke-others', undefined, { caller: here.caller });
    expect(answer.body).toEqual({ ended: 130 });
    expect(await listOf(here.caller)).toHaveLength(1);
  });

  it('misses none of those that were made before it began, while others are made and ended', async () => {
    const id = await harness.makeUser(email);
    const before = await Promise.all(Array.from({ length: 6 }, () => harness.signIn(email)));
    const [here, ...others] = before;
    const end = (path: string) => harness.call('POST', path, undefined, { caller: here?.caller ?? anonymous });
    // Whether a session made meanwhile outlives it is a matter of luck: only its sign-in is waited for.
    const signIn = () => harness.call('POST', '/auth/sign-in/email', { email, password: goodPassword });
    await Promise.all([end('/auth/sessions/revoke-others'), signIn(), end('/auth/sessions/revoke-others'), signIn()]);
    for (const { token } of others) expect(await harness.identity.directory.byToken(token)).toBeNull();
    await end('/auth/sessions/revoke-others');
    expect(await harness.sessions.listLive(id, harness.now())).toHaveLength(1);
  });

  it('ends all of them and clears the cookie when everywhere is asked for', async () => {
    const id = await harness.makeUser(email);
    const [here] = await Promise.all([harness.signIn(email), harness.signIn(email)]);
    const answer = await harness.call('POST', '/auth/sessions/revoke-all', undefined, { caller: here.caller });
    expect(answer).toMatchObject({ status: 200, body: { ended: 2 }, cookie: '' });
    expect(await harness.sessions.listLive(id, harness.now())).toEqual([]);
    expect(await harness.events()).toContainEqual(
      expect.objectContaining({
        type: 'session.ended-many',
        details: '{"reason":"signed-out-everywhere","count":2}',
      }),
    );
    const later = await harness.signIn(email);
    expect(await harness.identity.directory.byToken(later.token)).not.toBeNull();
  });

  it.each(['/auth/sessions/revoke-others', '/auth/sessions/revoke-all'])(
    'refuses %s to who is signed out',
    async (path) => {
      expect(await harness.call('POST', path)).toMatchObject({ status: 401, cookie: undefined });
    },
  );

  it('refuses a body that says something', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const answer = await harness.call('POST', '/auth/sessions/revoke-others', { userId: 'another-user' }, { caller });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'userId' }] } });
  });
});

describe(onDatabase('a session that ended in a store of its own, while the database took the rest back'), () => {
  it.each(['/auth/sign-out', '/auth/sessions/revoke-all'])('is announced, and %s reports no success', async (path) => {
    let isFailing = false;
    const events: SecurityEvent[] = [];
    const own = await startHarness({
      events: {
        append: async (event) => {
          if (isFailing) throw new SallyportError('SP_STORE_UNAVAILABLE');
          events.push(event);
        },
      },
    });
    try {
      await own.makeUser(email);
      const { caller, sid } = await own.signIn(email);
      isFailing = true;
      const answer = await own.call('POST', path, undefined, { caller });
      expect(answer).toMatchObject({ status: 503, cookie: undefined });
      const announcement = { kind: 'revocation', event: expect.objectContaining({ id: sid }) as unknown };
      // Without transactions the event comes first, and nothing ended.
      if (own.database.hasTransactions) expect(own.heard).toContainEqual(announcement);
      else expect(await own.sessions.findBySid(sid)).not.toHaveProperty('revokedAt');
    } finally {
      await own.close();
    }
  });
});

it('a session that ended without a word is announced by the next try to sign out', async () => {
  const id = await harness.makeUser(email);
  const { caller, sid } = await harness.signIn(email);
  // As if the process had been killed between the end and the word.
  await harness.sessions.revoke(sid, id, 'signed-out', harness.now());
  expect(await harness.call('POST', '/auth/sign-out', undefined, { caller })).toMatchObject({
    status: 204,
    cookie: '',
  });
  expect(harness.heard).toMatchObject([{ event: { kind: 'session', id: sid } }]);
});
