import { SallyportError, type Authenticator, type Principal } from '@sallyport/core';
import type { FindCredential } from '../credentials/credential-finder.ts';
import { limitByCaller } from '../pipeline/stages/limit-caller.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';

/** Authenticators of API keys, and how their keys are found. */
export interface ClientAuthenticationParts {
  readonly apiKeys: Authenticator;
  readonly findApiKey: FindCredential;
}

/** A key as it was presented. */
interface PresentedKey {
  readonly key: string;
  /** The user of `Basic`; RFC 6749, section 2.3.1 calls it the client identifier. */
  readonly clientId?: string;
}

const bearer = /^bearer +([^ ]+)$/i;
const basic = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
/** What the keys of services begin with, and no secret of an OAuth client. */
const apiKeyPrefix = 'sp_key_';
/** Under this header the authenticator takes the key alone. */
const keyHeader = 'x-api-key';

/**
 * Finds out which service asks, by the API key of a service account: `X-API-Key`, `Authorization: ApiKey`, `Bearer`, or
 * `Basic` with the handle of the key as the user and the key as the password. Its limits count the request from here on.
 *
 * Rejects with `SP_UNAUTHENTICATED` for no key, or one that is worth nothing; with `SP_FORBIDDEN` for the key of a user;
 * with `SP_TOO_MANY_REQUESTS`; and with `SP_STORE_UNAVAILABLE`.
 */
export async function authenticateClient(
  state: RequestState,
  { apiKeys, findApiKey }: ClientAuthenticationParts,
): Promise<Principal> {
  const { key, clientId } = presentedKey(state);
  const credential = apiKeys.recognize({ header: keyHeader, value: key });
  if (credential === undefined) throw refused('client-credential-unknown');
  const found = findApiKey(state, credential, false);
  const outcome = found instanceof Promise ? await found : found;
  if (outcome.kind !== 'authenticated') throw refused('client-credential-refused');
  const { caller } = outcome;
  if (clientId !== undefined && clientId !== caller.clientId) throw refused('client-id-of-another-key');
  // From here on the log line and the limits of keys know who it is.
  state.caller = caller;
  state.credential = outcome.credential;
  limitByCaller(state);
  if (caller.kind !== 'service') throw new SallyportError('SP_FORBIDDEN', { reason: 'service-only' });
  return caller;
}

/** Which challenge an unknown client is answered: the scheme that it tried (RFC 6749, section 5.2). */
export function challengeFor(state: RequestState): string {
  const { sentAuthorization = '' } = requestOf(state).headers;
  return /^basic /i.test(sentAuthorization) ? 'Basic realm="sallyport", charset="UTF-8"' : 'Bearer realm="sallyport"';
}

/**
 * Whether a request presents what only services have: a key, in whatever way. An OAuth client proves itself with a secret of
 * its own (`Basic`), or in the body.
 */
export function presentsApiKey(state: RequestState): boolean {
  const { credentialHeader, sentAuthorization } = requestOf(state).headers;
  if (credentialHeader !== undefined) return true;
  if (sentAuthorization === undefined) return false;
  const [, encoded] = basic.exec(sentAuthorization) ?? [];
  if (encoded === undefined) return true;
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  // What has no colon names no client.
  return !text.includes(':') || readBasic(encoded).key.startsWith(apiKeyPrefix);
}

function presentedKey(state: RequestState): PresentedKey {
  const { credentialHeader, sentAuthorization } = requestOf(state).headers;
  // What a proxy in front asks its visitors for (`Basic`) stands beside the key of a service, and is not ours.
  if (credentialHeader !== undefined) return { key: credentialHeader.value };
  if (sentAuthorization === undefined) throw refused('no-client-credential');
  const [, token] = bearer.exec(sentAuthorization) ?? [];
  if (token !== undefined) return { key: token };
  const [, encoded] = basic.exec(sentAuthorization) ?? [];
  if (encoded !== undefined) return readBasic(encoded);
  return { key: sentAuthorization.replace(/^apikey +/i, '') };
}

/** RFC 6749, section 2.3.1: both are written as in a form before they are encoded. Neither holds what that would change. */
function readBasic(encoded: string): PresentedKey {
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  if (colon === -1) throw refused('basic-malformed');
  return { clientId: text.slice(0, colon), key: text.slice(colon + 1) };
}

function refused(reason: string): SallyportError {
  return new SallyportError('SP_UNAUTHENTICATED', { reason });
}
