import { ClientError, ownError } from './client-error.ts';
import { finishSignIn, type SignInOutcome } from './sign-in.ts';
import { startStopwatch } from './stopwatch.ts';
import { toClientError, type AskTokenEndpoint } from './token-endpoint.ts';
import type { TokenKeeper } from './token-keeper.ts';

export interface ProviderSignInOptions {
  /** Its name in the configuration of the gateway, such as `google`. */
  readonly provider: string;
  /** Where the provider leads back to: an address of the program, listed under `redirectUris` of the provider. */
  readonly redirectUri: string;
  readonly signal?: AbortSignal;
}

/**
 * A sign-in at a provider that was begun: keep it while the user is there, in memory or as JSON where the program may be
 * restarted meanwhile (`sessionStorage`). It holds the verifier of RFC 7636 and belongs into no address and no log.
 */
export interface ProviderFlow {
  /** Where to lead the user: a page of the provider. */
  readonly location: string;
  readonly flow: string;
  readonly state: string;
  readonly codeVerifier: string;
}

export interface CompleteProviderSignInOptions {
  /** What the owner reads in the list of devices. @default `device` of the client */
  readonly device?: string;
  readonly signal?: AbortSignal;
}

const noVerifier = 'no Web Cryptography here: serve the page by https, or bring a polyfill';

/** Begins a sign-in with an identity provider; see `Client.beginProviderSignIn`. */
export async function beginProviderSignIn(
  ask: AskTokenEndpoint,
  { provider, redirectUri, signal }: ProviderSignInOptions,
): Promise<ProviderFlow> {
  const codeVerifier = newVerifier();
  const codeChallenge = await challengeOf(codeVerifier);
  const reply = await ask('/provider-flows', { provider, redirectUri, codeChallenge }, { signal });
  if (reply.status !== 200) throw toClientError(reply);
  const { location, flow, state } = reply.body;
  if (typeof location !== 'string' || typeof flow !== 'string' || typeof state !== 'string')
    throw ownError('SP_CLIENT_ANSWER_INVALID', undefined, { status: reply.status });
  return { location, flow, state, codeVerifier };
}

/** Completes it with the address that the provider led back to; see `Client.completeProviderSignIn`. */
export async function completeProviderSignIn(
  ask: AskTokenEndpoint,
  keeper: Pick<TokenKeeper, 'begin'>,
  { flow, state, codeVerifier }: ProviderFlow,
  callbackUrl: string,
  { device, signal }: CompleteProviderSignInOptions,
): Promise<SignInOutcome> {
  const { code, iss } = readCallback(callbackUrl, state);
  const named = device === undefined ? {} : { device };
  const elapsed = startStopwatch();
  const body = { flow, state, code, codeVerifier, ...(iss === undefined ? {} : { iss }), ...named };
  return finishSignIn({ ask, keeper, named, elapsed }, await ask('/token/provider', body, { signal }));
}

/** What the provider said; looked at before anything is sent, so that the answer of another flow goes nowhere (login CSRF). */
function readCallback(callbackUrl: string, state: string): { readonly code: string; readonly iss: string | undefined } {
  // Addresses of apps (`com.example.app:/open`) have no origin, and a query like all others.
  const { searchParams } = new URL(callbackUrl, 'http://callback.invalid');
  const only = (name: string): string | undefined => {
    const [value, ...more] = searchParams.getAll(name);
    if (more.length > 0) throw flowInvalid();
    return value;
  };
  if (only('state') !== state) throw flowInvalid();
  const error = only('error');
  if (error === 'access_denied') throw new ClientError('SP_PROVIDER_CANCELLED', 'The user cancelled at the provider');
  const code = only('code');
  if (error !== undefined || code === undefined || code === '') throw flowInvalid();
  return { code, iss: only('iss') };
}

function flowInvalid(): ClientError {
  return new ClientError(
    'SP_PROVIDER_FLOW_INVALID',
    'The answer of the provider belongs to no sign-in that was begun here',
  );
}

function newVerifier(): string {
  if (typeof globalThis.crypto?.subtle?.digest !== 'function') throw ownError('SP_CLIENT_OPTIONS_INVALID', noVerifier);
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challengeOf(verifier: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
