import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readOwnCookie } from '@sallyport/core';
import type { FindProvider } from './provider-metadata.ts';
import type { Sealing } from './sealing.ts';
import { serializeOwnCookie, type ShellCookies } from './shell-cookies.ts';
import { isRecord, parseJson, type ShellTokens } from './shell-session.ts';

/** Signs out at the provider after the shell has done so: RP-initiated logout, by the browser. */
export interface SignOutFlow {
  /** @returns `Set-Cookie` by which `continue` knows which session of the provider to end. */
  begin(tokens: ShellTokens): string;
  /** Where the browser goes now; `undefined` when no sign-out is under way. */
  continue(cookies: string | undefined): Promise<{ readonly location: string; readonly setCookie: string } | undefined>;
  /** Whether the browser comes back from the provider in the sign-out that it began here. */
  isReturn(cookies: string | undefined, state: string | null): boolean;
  /** `Set-Cookie` that ends it. */
  clearedCookie(): string;
}

export interface SignOutFlowOptions {
  readonly cookies: ShellCookies;
  readonly sealing: Sealing;
  readonly findProvider: FindProvider;
  readonly clientId: string;
  /** Registered at the provider as `post_logout_redirect_uri`. */
  readonly returnUrl: string;
  readonly now?: () => number;
}

/** A browser goes on at once. */
const lifetimeSeconds = 120;

/**
 * Builds the flow.
 *
 * @see {@link https://openid.net/specs/openid-connect-rpinitiated-1_0.html OpenID Connect RP-Initiated Logout 1.0}
 */
export function createSignOutFlow(options: SignOutFlowOptions): SignOutFlow {
  const { cookies, sealing, findProvider, clientId, returnUrl, now = Date.now } = options;
  const write = (value: object): string => {
    const text = JSON.stringify({ ...value, until: now() + lifetimeSeconds * 1000 });
    return serializeOwnCookie(cookies, cookies.signOut, sealing.seal('sign-out', text), lifetimeSeconds);
  };
  const read = (header: string | undefined): Readonly<Record<string, unknown>> | undefined => {
    const value = parseJson(sealing.open('sign-out', readOwnCookie(header, cookies.signOut) ?? ''));
    return isRecord(value) && Number(value['until']) > now() ? value : undefined;
  };

  return {
    begin: ({ idToken }) => write({ idToken }),
    async continue(header) {
      const idToken = read(header)?.['idToken'];
      if (typeof idToken !== 'string') return undefined;
      const { endSessionEndpoint } = await findProvider();
      const state = randomBytes(16).toString('base64url');
      const url = new URL(endSessionEndpoint);
      url.searchParams.set('id_token_hint', idToken);
      url.searchParams.set('client_id', clientId);
      url.searchParams.set('post_logout_redirect_uri', returnUrl);
      url.searchParams.set('state', state);
      return { location: url.href, setCookie: write({ state }) };
    },
    isReturn(header, state) {
      const expected = read(header)?.['state'];
      return typeof expected === 'string' && state !== null && isEqual(expected, state);
    },
    clearedCookie: () => serializeOwnCookie(cookies, cookies.signOut, '', 0),
  };
}

function isEqual(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
