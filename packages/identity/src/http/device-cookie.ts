import type { Context } from 'hono';
import { readOwnCookie, type SessionCookie } from '@sallyport/core';
import { deviceTrustSeconds, type DeviceTrust, type TrustedAccount } from '../accounts/device-trust.ts';
import type { IdentityEnvironment } from './identity-request.ts';

/** The cookie by which a browser is known again: for limits on guessing, and for nothing else. It signs no user in. */
export interface DeviceCookie {
  /** What the browser presented; empty when that is nothing, or more than one thing. */
  read(c: Context<IdentityEnvironment>): string;
  /** Makes the browser known for an account whose owner just proved to be there. Call it with the answer at hand. */
  trust(c: Context<IdentityEnvironment>, account: TrustedAccount): void;
}

/** Four accounts and what separates them. */
const maximumLength = 512;

/** Builds the cookie: `__Host-sallyport-device` on https, `sallyport-<port>-device` on plain-http loopback. */
export function createDeviceCookie(sessionCookie: SessionCookie, devices: DeviceTrust): DeviceCookie {
  const name = `${sessionCookie.name}-device`;
  // Only pages of ours send passwords, so that no request from elsewhere needs it.
  const attributes = `Path=/; Max-Age=${deviceTrustSeconds}; HttpOnly; SameSite=Strict${sessionCookie.secure ? '; Secure' : ''}`;

  const read = (c: Context<IdentityEnvironment>): string => {
    const value = readOwnCookie(c.req.header('cookie'), name) ?? '';
    return value.length > maximumLength ? '' : value;
  };

  return {
    read,
    trust(c, account) {
      const value = devices.renew(read(c), account);
      c.header('set-cookie', `${name}=${value}; ${attributes}`, { append: true });
    },
  };
}
