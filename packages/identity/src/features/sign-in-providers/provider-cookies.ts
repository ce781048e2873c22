import { readOwnCookie, type SessionCookie } from '@sallyport/core';
import { flowSeconds } from './provider-flow.ts';

/** A cookie between a sign-in that was begun and the answer of the provider. It opens nothing. */
export interface ProviderCookie {
  /** What the browser presented; `undefined` when that is nothing, or more than one thing. */
  read(request: Request): string | undefined;
  /** The `Set-Cookie` value that hands it over. */
  write(value: string): string;
  /** The `Set-Cookie` value that takes it away. */
  readonly cleared: string;
}

/**
 * Builds a cookie beside a session cookie, with the same prefix and flags. `SameSite=Lax`: the provider leads the browser
 * back from another site by a navigation, which sends it, while no frame, image or form of another site does.
 *
 * @param use `provider` for the flow of this browser, `answer` for what a provider posted to the callback.
 */
export function createProviderCookie({ name, secure }: SessionCookie, use: 'provider' | 'answer'): ProviderCookie {
  const fullName = `${name}-${use}`;
  const write = (value: string, seconds: number): string =>
    `${fullName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return {
    read: (request) => readOwnCookie(request.headers.get('cookie') ?? undefined, fullName),
    write: (value) => write(value, flowSeconds),
    cleared: write('', 0),
  };
}
