import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goodPassword, onDatabase, type Answer, type Harness } from '../../identity.test-support.ts';
import {
  claimsOf,
  endsOfSignIn,
  failToConnect,
  programOf,
  refreshWith,
  replaceMethods,
  robin as email,
  signProgramIn,
  startTokenHarness,
  type Program,
} from './token.test-support.ts';

const day = 86_400;

let harness: Harness;
let id: string;
beforeEach(async () => {
  harness = await startTokenHarness();
  id = await harness.makeUser(email);
});
afterEach(() => harness.close());

const refused = { status: 400, body: { error: 'invalid_grant', code: 'SP_REFRESH_TOKEN_INVALID' } };
const isAlive = async (sid: string): Promise<boolean> => (await harness.identity.directory.bySid(sid)) !== null;
const next = async (token: string): Promise<Program> => programOf(await refreshWith(harness, token));
const eventsOf = async (type: string) => (await harness.events()).filter((event) => event['type'] === type);

describe(onDatabase('a refresh token'), () => {
  it('gives an access token and the next refresh token, under the same session', async () => {
    const first = await signProgramIn(harness, email);
    const second = await next(first.refreshToken);
    expect(second.sid).toBe(first.sid);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(claimsOf(second.accessToken)['jti']).not.toBe(claimsOf(first.accessToken)['jti']);
    expect((await next(second.refreshToken)).refreshToken).not.toBe(second.refreshToken);
  });

  it('is answered with the same successor again while the answer may have got lost', async () => {
    const { refreshToken } = await signProgramIn(harness, email);
    const answered = await next(refreshToken);
    harness.advance(29);
    expect((await next(refreshToken)).refreshToken).toBe(answered.refreshToken);
  });

  it('ends its sign-in when it comes again after the grace, reports it, and leaves other devices alone', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    const other = await signProgramIn(harness, email);
    const browser = await harness.signIn(email);
    const { refreshToken: successor } = await next(refreshToken);
    harness.advance(31);
    expect(await refreshWith(harness, refreshToken)).toMatchObject(refused);
    expect(await refreshWith(harness, successor)).toMatchObject(refused);
    expect(await isAlive(sid)).toBe(false);
    expect(await isAlive(browser.sid)).toBe(true);
    expect((await refreshWith(harness, other.refreshToken)).status).toBe(200);
    expect(await eventsOf('refresh-token.reused')).toEqual([
      expect.objectContaining({ target: id, sid, outcome: 'refused', details: '{"behind":1,"secondsAfter":31}' }),
    ]);
    expect(await harness.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'refresh-token-reused' });
    const told = harness.heard.flatMap((message) => (message.kind === 'gap' ? [] : [message.event.id]));
    expect(told).toContain(sid);
  });

  it('ends its sign-in when it comes again after its successor was used, also within the grace', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    const { refreshToken: second } = await next(refreshToken);
    const { refreshToken: third } = await next(second);
    expect(await refreshWith(harness, refreshToken)).toMatchObject(refused);
    expect(await refreshWith(harness, third)).toMatchObject(refused);
    expect(await isAlive(sid)).toBe(false);
  });

  it('is recognized however long ago it was used', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    let newest = refreshToken;
    for (let count = 0; count < 12; count++) {
      harness.advance(600);
      newest = (await next(newest)).refreshToken;
    }
    expect(await refreshWith(harness, refreshToken)).toMatchObject(refused);
    expect(await isAlive(sid)).toBe(false);
  });

  it.each([
    { name: 'one that is made up', change: () => 'sp_rt_made-up' },
    { name: 'one with another last character', change: (text: string) => `${text.slice(0, -1)}!` },
    { name: 'an access token', change: (_: string, access: string) => access },
    { name: 'nothing', change: () => '' },
    { name: 'a number', change: () => 7 },
    { name: 'a list', change: (text: string) => [text] },
    { name: 'what is too long', change: () => 'x'.repeat(513) },
  ])('is not $name, which ends no sign-in', async ({ change }) => {
    const { refreshToken, accessToken, sid } = await signProgramIn(harness, email);
    for (const path of ['refresh', 'revoke']) {
      const answer = await refreshWith(harness, change(refreshToken, accessToken), path);
      expect([200, 400]).toContain(answer.status);
      if (answer.status === 400) expect(['invalid_request', 'invalid_grant']).toContain(bodyOf(answer)['error']);
      expect(answer.text).not.toContain(accessToken);
    }
    expect(await isAlive(sid)).toBe(true);
    expect((await refreshWith(harness, refreshToken)).status).toBe(200);
  });

  it('is refused with a member twice, with one too many, and when it comes as a parameter', async () => {
    const { refreshToken: token } = await signProgramIn(harness, email);
    const bodies = [
      `{"refresh_token":"${token}","refresh_token":"${token}"}`,
      `{"refresh_token":"${token}","grant_type":"refresh_token"}`,
      `{}`,
    ];
    for (const rawBody of bodies) {
      const answer = await harness.call('POST', '/auth/token/refresh', undefined, { rawBody });
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      expect(answer.text).not.toContain(token);
    }
    const inQuery = await harness.call('POST', `/auth/token/refresh?refresh_token=${token}`, {});
    expect(inQuery).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect((await refreshWith(harness, token)).status).toBe(200);
  });
});

describe(onDatabase('a refresh token: its times'), () => {
  it('ends when it is not used for as long as is configured', async () => {
    const { refreshToken } = await signProgramIn(harness, email);
    harness.advance(30 * day - 61);
    const { refreshToken: used } = await next(refreshToken);
    harness.advance(30 * day - 61);
    const { refreshToken: again } = await next(used);
    harness.advance(30 * day + 61);
    expect(await refreshWith(harness, again)).toMatchObject(refused);
  });

  it('ends with its sign-in, however often it is used', async () => {
    let { refreshToken } = await signProgramIn(harness, email);
    for (let days = 20; days < 90; days += 20) {
      harness.advance(20 * day);
      refreshToken = (await next(refreshToken)).refreshToken;
    }
    harness.advance(10 * day + 1);
    expect(await refreshWith(harness, refreshToken)).toMatchObject(refused);
    expect(await harness.identity.deleteExpired(harness.now())).toBeGreaterThan(0);
    expect(await harness.database.records.count({ model: 'sallyportTokenFamily' })).toBe(0);
  });

  it('takes other times from the configuration', async () => {
    await harness.close();
    harness = await startTokenHarness({ accessMinutes: 5, refreshDays: 7, maxDays: 7, graceSeconds: 5 });
    await harness.makeUser(email);
    const answer = await harness.call('POST', '/auth/token', { email, password: goodPassword });
    expect(bodyOf(answer)['expires_in']).toBe(300);
    const { refreshToken } = programOf(answer);
    const { refreshToken: second } = await next(refreshToken);
    harness.advance(6);
    expect(await refreshWith(harness, refreshToken)).toMatchObject(refused);
    expect(await refreshWith(harness, second)).toMatchObject(refused);
  });
});

describe(onDatabase('a refresh token: what ends it'), () => {
  it.each(endsOfSignIn)('is $name', async ({ end }) => {
    const program = await signProgramIn(harness, email);
    await end(harness, id, program);
    expect(await refreshWith(harness, program.refreshToken)).toMatchObject(refused);
    expect(await eventsOf('refresh-token.reused')).toEqual([]);
  });

  it('is no change of roles: the next access token has those of now', async () => {
    const { refreshToken, accessToken } = await signProgramIn(harness, email);
    expect(claimsOf(accessToken)).toMatchObject({ roles: ['user'] });
    await harness.identity.accounts.setRoles(id, ['vendor']);
    const { accessToken: renewed } = await next(refreshToken);
    expect(claimsOf(renewed)).toMatchObject({ roles: ['vendor'], gen: { u: 2 } });
  });

  it('is its revocation by a token that was used already, too', async () => {
    const { refreshToken, sid } = await signProgramIn(harness, email);
    await next(refreshToken);
    harness.advance(600);
    expect((await refreshWith(harness, refreshToken, 'revoke')).status).toBe(200);
    expect(await isAlive(sid)).toBe(false);
  });

  it('is revoked with 200 whatever it is, and twice', async () => {
    const { refreshToken } = await signProgramIn(harness, email);
    for (const token of [refreshToken, refreshToken, 'sp_rt_unknown'])
      expect(await refreshWith(harness, token, 'revoke')).toMatchObject({ status: 200, body: {} });
  });
});

describe(onDatabase('a refresh token: failures of ours'), () => {
  it.each(['findOne', 'updateMany'])('are 503 where %s fails, and burn none: it works afterwards', async (method) => {
    const { refreshToken } = await signProgramIn(harness, email);
    harness.advance(120);
    const restore = replaceMethods(harness.database.records, { [method]: failToConnect });
    const answer = await refreshWith(harness, refreshToken);
    restore();
    expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect((await refreshWith(harness, refreshToken)).status).toBe(200);
  });

  it('make no thief of a client whose answer was lost with the database, however long it is away', async () => {
    const { refreshToken } = await signProgramIn(harness, email);
    const { records } = harness.database;
    const updating = records.updateMany.bind(records);
    // The write is durable, and its answer never comes.
    const answerAgain = replaceMethods(records, {
      updateMany: async (query: Parameters<typeof updating>[0]) => {
        await updating(query);
        return failToConnect();
      },
    });
    expect((await refreshWith(harness, refreshToken)).status).toBe(503);
    answerAgain();
    const bringBack = replaceMethods(records, { findOne: failToConnect });
    for (let minute = 0; minute < 10; minute++) {
      harness.advance(50);
      expect((await refreshWith(harness, refreshToken)).status).toBe(503);
    }
    bringBack();
    harness.advance(10);
    expect((await refreshWith(harness, refreshToken)).status).toBe(200);
  });
});

function bodyOf({ body }: Answer): Readonly<Record<string, unknown>> {
  return body as Readonly<Record<string, unknown>>;
}
