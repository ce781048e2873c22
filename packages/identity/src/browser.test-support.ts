import type { Caller } from '@sallyport/core';
import type { Answer, Harness } from './identity.test-support.ts';

/** A browser: it keeps the cookies that identity sets, and calls as who its session says. */
export interface Browser {
  post(path: string, body?: unknown): Promise<Answer>;
  signIn(email: string, password: string): Promise<Answer>;
  /** Who the gateway would say is calling; `undefined` for a visitor without a session. */
  caller(): Promise<Caller | undefined>;
  cookies(): Readonly<Record<string, string>>;
}

const sessionCookie = 'sallyport-3000';

/** Opens a browser without cookies, at an address. */
export function createBrowser(harness: Harness, address: string): Browser {
  const jar = new Map<string, string>();

  const caller = async (): Promise<Caller | undefined> => {
    const token = jar.get(sessionCookie);
    return token === undefined ? undefined : (await harness.identity.directory.byToken(token))?.principal;
  };
  const post = async (path: string, body?: unknown): Promise<Answer> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const known = await caller();
    const answer = await harness.call('POST', path, body, {
      address,
      headers: cookie === '' ? {} : { cookie },
      ...(known === undefined ? {} : { caller: known }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0(;|$)/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  };
  return {
    post,
    caller,
    signIn: (email, password) => post('/auth/sign-in/email', { email, password }),
    cookies: () => Object.fromEntries(jar),
  };
}
