import type { Caller, SessionsAnswer, UserPrincipal } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import { endsOfSignIn, present, robin, signProgramIn, startTokenHarness, type Program } from './token.test-support.ts';

const other = 'victim@example.test';
const forms = ['jwt', 'opaque'] as const;

let harness: Harness;
afterEach(() => harness.close());

/** Who the gateway says that calls, with this access token. */
const callerOf = async ({ accessToken }: Program): Promise<UserPrincipal> => {
  const outcome = await present(harness, accessToken);
  if (outcome === 'not-recognized' || outcome.kind !== 'authenticated') return expect.fail('the token is good');
  const { principal } = outcome.caller;
  return principal.kind === 'user' ? principal : expect.fail('it is of a user');
};
const list = (caller: Caller): Promise<Answer> => harness.call('GET', '/auth/sessions', undefined, { caller });
const end = (sid: string, caller: Caller): Promise<Answer> =>
  harness.call('DELETE', `/auth/sessions/${sid}`, undefined, { caller });
const without = (member: 'clientId' | 'sid', principal: UserPrincipal): UserPrincipal => {
  const { [member]: removed, ...rest } = principal;
  return removed === undefined ? expect.fail('it has one') : rest;
};
const sidsOf = ({ body }: Answer) => (body as SessionsAnswer).sessions.map(({ sid }) => sid).sort();

describe.each(forms)(onDatabase('a program with an access token (%s)'), (accessTokens) => {
  beforeEach(async () => {
    harness = await startTokenHarness({ accessTokens });
    await harness.makeUser(robin);
  });

  it('lists the devices of its user, itself among them, and sets no cookie', async () => {
    const browser = await harness.signIn(robin);
    const program = await signProgramIn(harness, robin, 'Phone');
    const answer = await list(await callerOf(program));
    expect(answer).toMatchObject({ status: 200, cookie: undefined });
    expect((answer.body as SessionsAnswer).sessions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ sid: program.sid, current: true, program: 'Phone' }),
        expect.objectContaining({ sid: browser.sid, current: false }),
      ]),
    );
    for (const secret of [program.accessToken, program.refreshToken, browser.token])
      expect(answer.text).not.toContain(secret);
  });

  it('ends another of them, browsers too', async () => {
    const browser = await harness.signIn(robin);
    const program = await signProgramIn(harness, robin);
    const caller = await callerOf(program);
    expect(await end(browser.sid, caller)).toMatchObject({ status: 204, cookie: undefined });
    expect(await harness.identity.directory.byToken(browser.token)).toBeNull();
    expect(sidsOf(await list(caller))).toEqual([program.sid]);
    expect(await end(browser.sid, caller)).toMatchObject({ status: 404, body: { code: 'SP_NOT_FOUND' } });
  });

  it('ends itself, which is a sign-out', async () => {
    const program = await signProgramIn(harness, robin);
    const caller = await callerOf(program);
    expect(await end(program.sid, caller)).toMatchObject({ status: 204, cookie: undefined });
    expect(await harness.sessions.findBySid(program.sid)).toMatchObject({ revokedBecause: 'signed-out' });
    expect(await list(caller)).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
  });

  it.each(['revoke-others', 'revoke-all'])('ends several of them at once by %s', async (path) => {
    const browser = await harness.signIn(robin);
    const program = await signProgramIn(harness, robin);
    const caller = await callerOf(program);
    const answer = await harness.call('POST', `/auth/sessions/${path}`, {}, { caller });
    expect(answer).toMatchObject({ status: 200, cookie: undefined, body: { ended: path === 'revoke-all' ? 2 : 1 } });
    expect(await harness.identity.directory.byToken(browser.token)).toBeNull();
  });

  it('is told nothing of the device of another user, and ends none', async () => {
    await harness.makeUser(other);
    const victim = await signProgramIn(harness, other);
    const caller = await callerOf(await signProgramIn(harness, robin));
    expect((await list(caller)).text).not.toContain(victim.sid);
    const refused = await end(victim.sid, caller);
    expect(refused).toMatchObject({ status: 404, body: { code: 'SP_NOT_FOUND' } });
    expect(refused.text).toBe((await end('nothing', caller)).text);
    expect(await harness.identity.directory.bySid(victim.sid)).not.toBeNull();
  });

  it.each(endsOfSignIn)(
    'is refused after $name, though the gateway may not have heard it yet',
    async ({ end: endIt }) => {
      const program = await signProgramIn(harness, robin);
      const caller = await callerOf(program);
      await endIt(harness, caller.id, program);
      expect(await list(caller)).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
      expect(await end(program.sid, caller)).toMatchObject({ status: 401 });
    },
  );

  it.each<{
    readonly name: string;
    readonly status: 401 | 403;
    readonly change: (own: UserPrincipal, browserSid: string) => Caller;
  }>([
    { name: 'the token of an OAuth client', status: 403, change: (own) => ({ ...own, clientId: 'partner' }) },
    { name: 'no client', status: 403, change: (own) => without('clientId', own) },
    { name: 'an API key of its user', status: 403, change: (own) => ({ ...own, credential: 'api-key' }) },
    {
      name: 'a cookie, for the session of a program',
      status: 401,
      change: (own) => ({ ...own, credential: 'session' }),
    },
    { name: 'the session of a browser', status: 401, change: (own, sid) => ({ ...own, sid }) },
    { name: 'no session', status: 401, change: (own) => without('sid', own) },
    { name: 'the session of another user', status: 401, change: (own) => ({ ...own, id: 'another' }) },
  ])('is no caller with $name', async ({ status, change }) => {
    const browser = await harness.signIn(robin);
    const caller = change(await callerOf(await signProgramIn(harness, robin)), browser.sid);
    const code = status === 401 ? 'SP_UNAUTHENTICATED' : 'SP_FORBIDDEN';
    expect(await list(caller)).toMatchObject({ status, body: { code } });
    expect(await end(browser.sid, caller)).toMatchObject({ status });
    expect(await harness.identity.directory.byToken(browser.token)).not.toBeNull();
  });

  it('opens nothing else of the account with it', async () => {
    const caller = await callerOf(await signProgramIn(harness, robin));
    expect(await harness.call('GET', '/auth/session', undefined, { caller })).toMatchObject({
      body: { status: 'signed-out' },
    });
    for (const path of ['/auth/second-factor', '/auth/step-up'])
      expect((await harness.call('GET', path, undefined, { caller })).status).toBe(401);
  });
});
