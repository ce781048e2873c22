import { waitFor } from './abortable.ts';
import { createAuthorizedFetch } from './authorized-fetch.ts';
import { parseOptions, type ClientOptions } from './client-options.ts';
import { signInWithPassword, type PasswordSignInOptions, type SignInOutcome } from './sign-in.ts';
import type { SignInChange, SignInState } from './sign-in-status.ts';
import { createDevices, type Device } from './devices.ts';
import {
  beginProviderSignIn,
  completeProviderSignIn,
  type CompleteProviderSignInOptions,
  type ProviderFlow,
  type ProviderSignInOptions,
} from './provider-sign-in.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import { createTokenKeeper } from './token-keeper.ts';

/** One person's sign-in at one gateway. */
export interface Client {
  /** `unknown` until the storage was read: call `restore` first. */
  readonly status: SignInState;

  /**
   * Looks into the storage whether someone is signed in, without asking the gateway. Rejects with
   * `SP_CLIENT_STORAGE_FAILED`.
   */
  restore(): Promise<'signed-in' | 'signed-out'>;

  /**
   * Signs in with a password. The sign-in before it, if there is one in the storage, is ended when this one is complete.
   *
   * Rejects with `SP_CREDENTIALS_INVALID`, `SP_EMAIL_UNVERIFIED`, `SP_SECOND_FACTOR_SET_UP_REQUIRED` (once, on the website),
   * `SP_TOO_MANY_SESSIONS`, `SP_TOO_MANY_ATTEMPTS` (`retryAfterSeconds`), `SP_VALIDATION_FAILED` (`errors`),
   * `SP_CLIENT_UNAVAILABLE`, `SP_CLIENT_ANSWER_INVALID`, `SP_CLIENT_STORAGE_FAILED`, or the reason of the signal.
   */
  signIn(options: PasswordSignInOptions): Promise<SignInOutcome>;

  /**
   * Begins a sign-in with an identity provider (Google, Microsoft, Apple, GitHub, any OpenID provider of the gateway), with
   * PKCE. Lead the user to `location`, and keep the rest until the provider has led back.
   *
   * Rejects with `SP_VALIDATION_FAILED` (an address that is not listed), `SP_NOT_FOUND` (no such provider),
   * `SP_PROVIDER_UNAVAILABLE`, `SP_TOO_MANY_ATTEMPTS`, `SP_CLIENT_OPTIONS_INVALID` (no Web Cryptography), and as `signIn` does.
   *
   * @example
   * ```ts
   * const flow = await client.beginProviderSignIn({ provider: 'google', redirectUri: 'https://spa.example.com/back' });
   * sessionStorage.setItem('flow', JSON.stringify(flow));
   * location.assign(flow.location);
   *
   * // On the page that the provider leads back to:
   * const kept = JSON.parse(sessionStorage.getItem('flow') ?? '{}');
   * const outcome = await client.completeProviderSignIn(kept, location.href);
   * if (outcome.kind === 'second-factor') await outcome.answer({ code: await askForCode(outcome.methods) });
   * ```
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc8252 RFC 8252}
   */
  beginProviderSignIn(options: ProviderSignInOptions): Promise<ProviderFlow>;

  /**
   * Completes it with the whole address that the provider led back to. An answer is good once: after a failure begin again.
   *
   * Rejects with `SP_PROVIDER_CANCELLED` (the user did not want to), `SP_PROVIDER_FLOW_INVALID` (too late, or not the answer
   * to this flow: nothing was sent then), `SP_PROVIDER_UNTRUSTED`, `SP_PROVIDER_UNAVAILABLE`, `SP_EMAIL_UNVERIFIED` (a link
   * was mailed), `SP_ACCOUNT_DISABLED`, and as `signIn` does.
   */
  completeProviderSignIn(
    flow: ProviderFlow,
    callbackUrl: string,
    options?: CompleteProviderSignInOptions,
  ): Promise<SignInOutcome>;

  /**
   * Calls the gateway as `fetch` does, with the access token. Paths are those of the gateway. The token is refreshed before it
   * ends; when it is refused (401), the call is repeated once with another one.
   *
   * The token goes to the gateway and the listed `origins` alone, and never along with a redirect. No cookie is sent. An abort
   * ends this call and no refresh for which others wait. A body that is a stream is sent once.
   *
   * Resolves to whatever is answered, other refusals included. Rejects with `SP_CLIENT_SIGNED_OUT` (show the sign-in),
   * `SP_CLIENT_UNAVAILABLE` (a refresh was due and could not be done; no one is signed out), `SP_CLIENT_ORIGIN_REFUSED`,
   * `SP_CLIENT_REDIRECTED`, `SP_CLIENT_BODY_SPENT`, `SP_CLIENT_STORAGE_FAILED`, and as `fetch` does with a `TypeError` when
   * there is no answer.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1 RFC 6750, section 2.1}
   */
  readonly fetch: typeof globalThis.fetch;

  /**
   * An access token that is good for half a minute at least, for what `fetch` cannot do. Rejects with `SP_CLIENT_SIGNED_OUT`,
   * `SP_CLIENT_UNAVAILABLE` or `SP_CLIENT_STORAGE_FAILED`.
   */
  accessToken(options?: { readonly signal?: AbortSignal }): Promise<string>;

  /**
   * The devices in which the user is signed in, browsers included; `current` is this one. Rejects as `fetch` does, and with
   * `SP_CLIENT_UNAVAILABLE` or `SP_CLIENT_ANSWER_INVALID` when the gateway gives no list.
   *
   * @example
   * ```ts
   * const lost = (await client.devices()).find(({ label }) => label === 'Ada’s phone');
   * if (lost !== undefined) await client.endDevice(lost.sid);
   * ```
   */
  devices(options?: { readonly signal?: AbortSignal }): Promise<readonly Device[]>;

  /**
   * Signs one of these devices out, by its `sid`: what it holds is refused within the bound of a revocation. Use `signOut` for
   * this one. Rejects as `devices` does, and with `SP_NOT_FOUND` for one that is no device of the user, or not any more.
   */
  endDevice(sid: string, options?: { readonly signal?: AbortSignal }): Promise<void>;

  /**
   * Signs out: here and in every tab at once, then at the gateway, which ends the access tokens as well. When the gateway
   * cannot be told (`SP_CLIENT_UNAVAILABLE`), the tokens are gone from here all the same, and the device stays in the list
   * of its owner.
   */
  signOut(): Promise<void>;

  /** Calls back when someone signs in or out, here or in another tab. Returns what ends it. */
  subscribe(listener: (change: SignInChange) => void): () => void;

  /** Closes the channel to other tabs. The sign-in stays. */
  close(): void;
}

/**
 * Builds a client of a gateway with `firstPartyTokens`, for pages of another origin, React Native and scripts. A page on the
 * origin of the gateway has the session cookie, and needs none.
 *
 * Throws `SP_CLIENT_OPTIONS_INVALID`.
 *
 * @example
 * ```ts
 * const client = createClient({ gateway: 'https://app.example.com', device: 'Ada’s laptop' });
 *
 * const outcome = await client.signIn({ email, password });
 * if (outcome.kind === 'second-factor') await outcome.answer({ code: await askForCode(outcome.methods) });
 *
 * const products = await client.fetch('/api/shop/products').then((answer) => answer.json());
 * await client.signOut();
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const parsed = parseOptions(options);
  const ask = createTokenEndpoint(parsed.gateway, parsed.send);
  const keeper = createTokenKeeper(parsed, ask);
  const send = createAuthorizedFetch(parsed, keeper);
  const devices = createDevices(send);
  const defaults = parsed.device === undefined ? {} : { device: parsed.device };
  return {
    get status() {
      return keeper.status;
    },
    restore: () => keeper.restore(),
    signIn: (signIn) => signInWithPassword(ask, keeper, { ...defaults, ...signIn }),
    beginProviderSignIn: (begin) => beginProviderSignIn(ask, begin),
    completeProviderSignIn: (flow, callbackUrl, complete = {}) =>
      completeProviderSignIn(ask, keeper, flow, callbackUrl, { ...defaults, ...complete }),
    fetch: send,
    accessToken: async ({ signal } = {}) => waitFor(() => keeper.accessToken(), signal),
    devices: (reading) => devices.list(reading),
    endDevice: (sid, ending) => devices.end(sid, ending),
    signOut: () => keeper.end(),
    subscribe: (listener) => keeper.subscribe(listener),
    close: () => keeper.close(),
  };
}
