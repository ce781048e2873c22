import { resolvePages, sessionCookieFor } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { createFlowCookie, type Flow } from './flow-cookie.ts';

const cookie = createFlowCookie(sessionCookieFor('https://app.example.com'), resolvePages({ signIn: '/login' }));

/** What the next page reads of what a page wrote. */
function carry(flow: Flow): Flow {
  const [pair = ''] = cookie.write(flow).split(';', 1);
  return cookie.read(new Request('https://app.example.test/auth/sign-in', { headers: { cookie: pair } }));
}

const nothing = { email: undefined, returnTo: undefined, mail: undefined, done: undefined };

describe('the flow cookie', () => {
  it('carries what was typed and asked for', () => {
    const flow = {
      email: 'ann@example.test',
      returnTo: '/orders?page=2',
      mail: 'verify-email',
      done: 'verified',
    } as const;
    expect(carry(flow)).toEqual(flow);
  });

  it('carries an address without the spaces around it, and no more of it than one may have', () => {
    expect(carry({ email: '  ann@example.test ' })).toEqual({ ...nothing, email: 'ann@example.test' });
    expect(carry({ email: 'a'.repeat(10_000) }).email).toBe('a'.repeat(254));
  });

  it.each(['//evil.test', 'https://evil.test/', '/auth/sign-in', '/login', '/', '', `/${'a'.repeat(5000)}`])(
    'carries no page to which no user is led back: %s',
    (returnTo) => {
      expect(carry({ returnTo })).toEqual(nothing);
    },
  );

  it('forgets the page rather than the address where a browser would not keep both', () => {
    const email = '€'.repeat(254);
    const returnTo = `/${'a'.repeat(2047)}`;
    expect(carry({ returnTo }).returnTo).toBe(returnTo);
    expect(carry({ email, returnTo, mail: 'reset-password' })).toEqual({ ...nothing, email, mail: 'reset-password' });
    for (const flow of [
      { email, returnTo },
      { email: '\u0001'.repeat(300), returnTo },
    ])
      expect(cookie.write(flow).length).toBeLessThan(4096);
  });
});
