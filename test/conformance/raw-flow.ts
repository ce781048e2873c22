import { createHash, randomBytes } from 'node:crypto';
import { redirectUri, type ProviderSystem, type RegisteredClient } from './provider-system.ts';

/** A verifier and its challenge (RFC 7636). */
export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

/** An answer as it came: no library has looked at it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of JSON; an empty object of everything else. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Where it leads to. */
  readonly location: URL | undefined;
}

/** What the token endpoint gives. */
export interface RawTokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** Sends a request, and follows nothing. */
export async function sendRaw(system: ProviderSystem, path: string, init: RequestInit = {}): Promise<RawAnswer> {
  const answer = await fetch(new URL(path, system.origin), { ...init, redirect: 'manual' });
  const text = await answer.text();
  const { headers, status } = answer;
  const location = headers.get('location');
  return {
    status,
    headers,
    text,
    json:
      text !== '' && (headers.get('content-type') ?? '').includes('json')
        ? (JSON.parse(text) as Readonly<Record<string, unknown>>)
        : {},
    location: location === null ? undefined : new URL(location, system.origin),
  };
}

/** Parameters of a request for a code that is as it should be, but for the changes; `undefined` leaves one out. */
export function codeParameters(
  { id }: RegisteredClient,
  { challenge }: Pkce,
  changes: Readonly<Record<string, string | undefined>> = {},
): URLSearchParams {
  const whole: Readonly<Record<string, string | undefined>> = {
    client_id: id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'kept as it is',
    ...changes,
  };
  return new URLSearchParams(
    Object.entries(whole).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Asks for a code in a browser with these cookies. */
export function askForCode(system: ProviderSystem, cookie: string, parameters: URLSearchParams): Promise<RawAnswer> {
  return sendRaw(system, `/oauth2/auth?${parameters.toString()}`, {
    headers: { cookie, 'sec-fetch-mode': 'navigate', accept: 'text/html' },
  });
}

/** Gets a code of a first-party client: no user is asked for consent. */
export async function getCode(
  system: ProviderSystem,
  cookie: string,
  client: RegisteredClient,
  pkce: Pkce,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const { location, text } = await askForCode(system, cookie, codeParameters(client, pkce, changes));
  const code = location?.searchParams.get('code');
  if (code === null || code === undefined) throw new Error(`no code: ${location?.href ?? text}`);
  return code;
}

/** How a client with a secret proves itself (RFC 6749, section 2.3.1). */
export function basic({ id, secret }: RegisteredClient): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

/** Posts a form. */
export function postForm(
  system: ProviderSystem,
  path: string,
  form: Readonly<Record<string, string>> | URLSearchParams,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  return sendRaw(system, path, { method: 'POST', headers, body: new URLSearchParams(form) });
}

/** Redeems a code, with changes to what is sent. */
export function redeem(
  system: ProviderSystem,
  client: RegisteredClient,
  code: string,
  { verifier }: Pkce,
  changes: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...changes,
  };
  const proof = client.secret === '' ? {} : basic(client);
  return postForm(system, '/oauth2/token', client.secret === '' ? { client_id: client.id, ...form } : form, proof);
}

/** Presents a refresh token, with changes to what is sent. */
export function refresh(
  system: ProviderSystem,
  client: RegisteredClient,
  token: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const form = { grant_type: 'refresh_token', refresh_token: token, ...changes };
  return client.secret === ''
    ? postForm(system, '/oauth2/token', { client_id: client.id, ...form })
    : postForm(system, '/oauth2/token', form, basic(client));
}

/** Gets tokens of a first-party client. */
export async function getTokens(
  system: ProviderSystem,
  cookie: string,
  client: RegisteredClient,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<RawTokens> {
  const pkce = newPkce();
  const { status, text, json } = await redeem(
    system,
    client,
    await getCode(system, cookie, client, pkce, changes),
    pkce,
  );
  if (status !== 200) throw new Error(`no tokens: ${status} ${text}`);
  return json as unknown as RawTokens; // Of a first-party client that may refresh, with the scope openid.
}

/** Asks who a token is good for, as its client does. */
export function introspect(system: ProviderSystem, client: RegisteredClient, token: string): Promise<RawAnswer> {
  return postForm(system, '/oauth2/introspect', { token }, basic(client));
}

/** Whether a route of the gateway takes an access token. */
export async function isTaken(system: ProviderSystem, token: string): Promise<number> {
  return (await sendRaw(system, '/api/x', { headers: { authorization: `Bearer ${token}` } })).status;
}
