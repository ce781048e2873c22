import { describe, expect, it } from 'vitest';
import { answerRefusedToken } from './refused-token.ts';
import { shellCookiesFor } from './shell-cookies.ts';

const cookies = shellCookiesFor('https://app.example.com');
const navigation = { 'sec-fetch-mode': 'navigate' };
const young = 1000;
const old = 3_600_000;

interface Case {
  readonly name?: string;
  readonly challenge?: string;
  readonly status?: number;
  readonly location?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly sessionAge?: number;
}

function answerTo(given: Case = {}): Response | undefined {
  const { challenge = 'Bearer error="invalid_token"', status = 401, location, method = 'GET' } = given;
  const headers = new Headers({ 'www-authenticate': challenge, ...(location === undefined ? {} : { location }) });
  const request = new Request('https://app.example.com/account?tab=1', {
    method,
    headers: given.headers ?? navigation,
  });
  return answerRefusedToken({ status, headers, body: null }, { request, sessionAge: given.sessionAge ?? old, cookies });
}

describe('a token that the gateway refuses', () => {
  it.each([young, old])('leads a page to sign in and back, in a session of %d ms', (sessionAge) => {
    const answer = answerTo({ sessionAge });
    expect([answer?.status, answer?.headers.get('location')]).toEqual([
      303,
      '/auth/sign-in?returnTo=%2Faccount%3Ftab%3D1',
    ]);
    expect(answer?.headers.get('cache-control')).toBe('no-store');
  });

  it('that is refused again right after the sign-in is an error instead of a circle', () => {
    const [mark = ''] = answerTo()?.headers.getSetCookie() ?? [];
    const [cookie = ''] = mark.split(';');
    expect(() => answerTo({ sessionAge: young, headers: { ...navigation, cookie } })).toThrow(
      expect.objectContaining({ reason: 'token-not-accepted' }),
    );
    expect(answerTo({ sessionAge: old, headers: { ...navigation, cookie } })?.status).toBe(303);
  });

  it.each([
    { name: 'a call of a script', headers: { 'sec-fetch-mode': 'cors' } },
    { name: 'a call that says nothing of itself', headers: {} },
    { name: 'a form', method: 'POST' },
  ])('is told to $name as it is', (given: Case) => {
    expect(answerTo(given)).toBeUndefined();
  });

  it.each([
    { name: 'a stronger sign-in that is asked for', challenge: 'Bearer error="insufficient_user_authentication"' },
    { name: 'a credential that the page does not take', challenge: 'Bearer' },
    { name: 'a refusal of what may be done', status: 403 },
    { name: 'a redirect of the page', status: 302, location: '/elsewhere', sessionAge: young },
    { name: 'a sign-in that an old session is led to', status: 302, location: '/auth/sign-in?returnTo=/account' },
  ])('is told from $name', (given: Case) => {
    expect(answerTo(given)).toBeUndefined();
  });

  it('is an error where the gateway leads a user to sign in who has just done so', () => {
    for (const location of ['/auth/sign-in?returnTo=/account', 'https://id.example.com/auth/sign-in'])
      expect(() => answerTo({ status: 302, location, sessionAge: young })).toThrow(
        expect.objectContaining({ reason: 'token-not-accepted' }),
      );
  });
});
