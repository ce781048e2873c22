import { errors } from 'oidc-provider';

/** Far longer than libraries of clients make them for. */
const maxSeconds = 3600;

/**
 * Refuses an assertion of a client that lasts for longer than an hour (RFC 7523, section 3): until it ends it has to be
 * remembered that it was used, and how many there are is up to the client, which may be one that was never registered.
 */
export function requireShortAssertion({ exp }: Readonly<Record<string, unknown>>, at: Date): void {
  if (typeof exp === 'number' && exp - at.getTime() / 1000 <= maxSeconds) return;
  throw new errors.InvalidClientAuth('the client assertion lasts for more than an hour');
}
