import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { readOwnCookie, type Sealer, type SessionCookie } from '@sallyport/core';
import { pendingAccountSeconds } from '../accounts/pending-accounts.ts';
import type { IdentityEnvironment } from './identity-request.ts';

/**
 * The cookie by which the browser that signed up is known again when the mailed link is opened. It confirms nothing without
 * the link, and the link confirms nothing that was chosen in another browser.
 */
export interface SignUpCookie {
  /** Whether this browser made the sign-up of an account. */
  isOf(c: Context<IdentityEnvironment>, userId: string): boolean;
  /** Binds an account to this browser. Call it with the answer at hand. */
  write(c: Context<IdentityEnvironment>, userId: string): void;
  /** Takes the cookie away from a browser that has it. */
  clear(c: Context<IdentityEnvironment>): void;
}

/**
 * Builds the cookie: `__Host-sallyport-sign-up` on https, `sallyport-<port>-sign-up` on plain-http loopback. Its value is an HMAC
 * of the id that no other sign-up has, so that nothing of it is stored. `SameSite=Lax`, because a mailed link is followed
 * from another site.
 */
export function createSignUpCookie(sessionCookie: SessionCookie, sealer: Sealer): SignUpCookie {
  const name = `${sessionCookie.name}-sign-up`;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${sessionCookie.secure ? '; Secure' : ''}`;
  const read = (c: Context<IdentityEnvironment>): string | undefined => readOwnCookie(c.req.header('cookie'), name);
  const set = (c: Context<IdentityEnvironment>, value: string, seconds: number): void =>
    c.header('set-cookie', `${name}=${value}; ${attributes}; Max-Age=${seconds}`, { append: true });
  return {
    isOf(c, userId) {
      const presented = Buffer.from(read(c) ?? '');
      return sealer
        .hashes(userId)
        .map((hash) => Buffer.from(hash))
        .some((expected) => expected.length === presented.length && timingSafeEqual(expected, presented));
    },
    write: (c, userId) => set(c, sealer.hash(userId), pendingAccountSeconds),
    clear(c) {
      if (read(c) !== undefined) set(c, '', 0);
    },
  };
}
