import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenVerifier, createRingKeySource } from '@sallyport/core';
import { createInProcessBus } from '@sallyport/stores';
import { goodPassword, onDatabase, startHarness, type Answer, type Harness } from '../../identity.test-support.ts';
import {
  claimsOf,
  programOf,
  refreshWith,
  replaceMethods,
  signProgramIn,
  startTokenHarness,
} from './token.test-support.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startTokenHarness(
    {},
    { features: { secondFactor: { methods: ['totp', 'email'], requiredFor: ['admin'] } } },
  );
});
afterEach(() => harness.close());

const email = 'robin@example.test';
const right = { email, password: goodPassword };
const signIn = (body: unknown, rawBody?: string): Promise<Answer> =>
  harness.call('POST', '/auth/token', body, rawBody === undefined ? {} : { rawBody });

describe(onDatabase('signing in from a program'), () => {
  it('answers with the members of RFC 6749, section 5.1, and no others', async () => {
    await harness.makeUser(email);
    const answer = await signIn({ ...right, device: 'Robin’s phone' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: expect.stringMatching(/^sp_rt_[\w-]{100,120}$/) as string,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('makes an access token for the gateway alone, under a key of its own', async () => {
    const id = await harness.makeUser(email);
    const { accessToken, sid } = await signProgramIn(harness, email);
    const origin = 'http://localhost:3000';
    const keyRing = harness.keyRing ?? expect.fail('there is a key ring');
    const verifierWith = (use: 'client' | 'internal', issuer = origin, audience = origin) =>
      createTokenVerifier({ issuer, audience, keys: createRingKeySource(keyRing, use), now: harness.now });
    expect(await verifierWith('client').verify(accessToken)).toMatchObject({ kind: 'user', id, sid });
    await expect(verifierWith('internal').verify(accessToken)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
    await expect(verifierWith('client', `${origin}/internal`).verify(accessToken)).rejects.toMatchObject({
      code: 'SP_TOKEN_INVALID',
    });
    expect(claimsOf(accessToken)).toMatchObject({ iss: origin, aud: origin, cred: 'bearer', scope: '', acr: 'pwd' });
  });

  it('is listed beside the sessions of browsers, by the name of the device, and ended there', async () => {
    await harness.makeUser(email);
    const { caller } = await harness.signIn(email);
    const { sid, refreshToken } = await signProgramIn(harness, email, 'Robin’s phone');
    const listed = await harness.call('GET', '/auth/sessions', undefined, { caller });
    expect(listed.body).toMatchObject({
      sessions: expect.arrayContaining([
        expect.objectContaining({ sid, label: 'Robin’s phone', program: 'Robin’s phone', current: false }),
      ]) as unknown,
    });
    await harness.call('DELETE', `/auth/sessions/${sid}`, undefined, { caller });
    expect(await refreshWith(harness, refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('ends no session of a browser, and is ended by none that begins', async () => {
    await harness.makeUser(email);
    const browser = await harness.signIn(email);
    const answer = await harness.call('POST', '/auth/token', right, { caller: browser.caller });
    const { sid } = programOf(answer);
    await harness.signIn(email, { caller: browser.caller });
    expect(await harness.identity.directory.bySid(sid)).not.toBeNull();
  });

  it('makes a session that is no one of a browser', async () => {
    await harness.makeUser(email);
    const { sid, accessToken, refreshToken } = await signProgramIn(harness, email);
    const session = await harness.identity.directory.bySid(sid);
    expect(session?.principal.credential).toBe('bearer');
    for (const token of [accessToken, refreshToken, sid])
      expect(await harness.identity.directory.byToken(token)).toBeNull();
    const caller = { ...(session?.principal ?? expect.fail('the session lives')), credential: 'session' as const };
    const answer = await harness.call('GET', '/auth/sessions', undefined, { caller });
    expect(answer).toMatchObject({ status: 401, body: { code: 'SP_UNAUTHENTICATED' } });
  });

  it('stores no token, and none can be found in the log', async () => {
    await harness.makeUser(email);
    const { accessToken, refreshToken } = await signProgramIn(harness, email);
    const everything = `${await harness.dump()}${harness.logLines.join('\n')}`;
    for (const secret of [refreshToken, refreshToken.slice(34, 77), accessToken])
      expect(everything).not.toContain(secret);
  });

  it('counts to the limit on sessions', async () => {
    await harness.close();
    harness = await startTokenHarness({}, { sessionLimit: { maximum: 1, onLimit: 'refuse' } });
    await harness.makeUser(email);
    await harness.signIn(email);
    const answer = await signIn(right);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant', code: 'SP_TOO_MANY_SESSIONS' } });
  });
});

describe(onDatabase('signing in from a program: refusals'), () => {
  it.each([
    { name: 'a wrong password', body: { email, password: 'not-the-right-one' } },
    { name: 'an address without an account', body: { email: 'nobody@example.test', password: goodPassword } },
  ])('are the same for $name', async ({ body }) => {
    await harness.makeUser(email);
    const answer = await signIn(body);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_grant',
        error_description: 'The email address or the password is wrong. Check both, or reset the password.',
        code: 'SP_CREDENTIALS_INVALID',
      },
    });
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.text).not.toContain('example.test');
  });

  it.each([
    { name: 'without a password', body: { email }, status: 400, code: 'SP_VALIDATION_FAILED' },
    { name: 'with a number as address', body: { ...right, email: 1 }, status: 400, code: 'SP_VALIDATION_FAILED' },
    {
      name: 'with a member too many',
      body: { ...right, grant_type: 'password' },
      status: 400,
      code: 'SP_VALIDATION_FAILED',
    },
    {
      name: 'with a device of two lines',
      body: { ...right, device: 'a\nb' },
      status: 400,
      code: 'SP_VALIDATION_FAILED',
    },
    {
      name: 'with a device without a name',
      body: { ...right, device: ' ' },
      status: 400,
      code: 'SP_VALIDATION_FAILED',
    },
    { name: 'with a list', body: [right], status: 400, code: 'SP_JSON_MALFORMED' },
  ])('say what is wrong with a body $name', async ({ body, status, code }) => {
    await harness.makeUser(email);
    const answer = await signIn(body);
    expect(answer).toMatchObject({ status, body: { error: 'invalid_request', code } });
    expect(answer.text).not.toContain(goodPassword);
  });

  it.each([
    { name: 'that is no JSON', rawBody: 'email=robin', status: 400 },
    {
      name: 'with a member twice',
      rawBody: `{"email":"${email}","password":"x","password":"${goodPassword}"}`,
      status: 400,
    },
    { name: 'that is too large', rawBody: JSON.stringify({ ...right, device: 'x'.repeat(20_000) }), status: 413 },
  ])('answer a body $name', async ({ rawBody, status }) => {
    await harness.makeUser(email);
    expect(await signIn(undefined, rawBody)).toMatchObject({ status, body: { error: 'invalid_request' } });
    expect(await harness.database.records.count({ model: 'sallyportTokenFamily' })).toBe(0);
  });

  it('answer a form, which RFC 6749 would send, with what to send instead', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await harness.call('POST', '/auth/token', undefined, { rawBody: 'grant_type=password', headers });
    expect(answer).toMatchObject({
      status: 415,
      body: { error: 'invalid_request', code: 'SP_MEDIA_TYPE_UNSUPPORTED' },
    });
  });

  it('hold for a banned account and for an address that was never proved', async () => {
    const id = await harness.makeUser(email);
    await harness.identity.accounts.setBanned(id, true);
    expect(await signIn(right)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const other = 'kim@example.test';
    await harness.call('POST', '/auth/sign-up/email', { name: 'Kim', email: other, password: goodPassword });
    const answer = await signIn({ email: other, password: goodPassword });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant', code: 'SP_EMAIL_UNVERIFIED' } });
  });

  it('count with those of browsers', async () => {
    await harness.makeUser(email);
    const wrong = { email, password: 'not-the-right-one' };
    let last: Answer | undefined;
    for (let count = 0; count < 30; count++) {
      last = await harness.call('POST', count % 2 === 0 ? '/auth/token' : '/auth/sign-in/email', wrong);
      if (last.status === 429) break;
    }
    expect(last?.status).toBe(429);
    const limited = await signIn(right);
    expect(limited).toMatchObject({
      status: 429,
      body: { error: 'temporarily_unavailable', code: 'SP_TOO_MANY_ATTEMPTS' },
    });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('leave nothing behind when keys cannot sign', async () => {
    await harness.close();
    harness = await startTokenHarness();
    const { keyRing } = harness;
    if (keyRing === undefined) throw new TypeError('there is a key ring');
    await harness.makeUser(email);
    const restore = replaceMethods(keyRing, {
      sign: () => {
        throw new TypeError('no key');
      },
    });
    expect(await signIn(right)).toMatchObject({ status: 500, body: { error: 'server_error' } });
    restore();
    const id = (await harness.identity.accounts.findByEmail(email))?.id ?? '';
    expect(await harness.sessions.listLive(id, harness.now())).toEqual([]);
  });

  it('are 404 where no tokens are configured, and no credential is recognized', async () => {
    await harness.close();
    harness = await startHarness();
    await harness.makeUser(email);
    for (const path of ['', '/refresh', '/revoke', '/second-factor', '/second-factor/send'])
      expect((await harness.call('POST', `/auth/token${path}`, {})).status).toBe(404);
    expect(harness.identity.authenticators).toEqual([]);
  });

  it('stop the start where there is nothing to sign with', async () => {
    await expect(startHarness({ bus: createInProcessBus(), features: { firstPartyTokens: {} } })).rejects.toThrow(
      'need a key ring',
    );
  });
});
