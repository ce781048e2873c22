import { isLoopbackHost, UsageError } from '@sallyport/core';
import * as z from 'zod';
import { toPlainText } from '../table.ts';

/** Where the endpoints of a gateway are (RFC 8414). */
export interface OAuthServer {
  readonly url: string;
  readonly deviceEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
}

/** What an endpoint answered: what was asked for, or the word of its refusal (RFC 6749, section 5.2). */
export type OAuthReply =
  | { readonly kind: 'done'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly error: string; readonly status: number };

const timeoutMilliseconds = 10_000;

const documentSchema = z.object({
  issuer: z.string(),
  device_authorization_endpoint: z.string().optional(),
  token_endpoint: z.string(),
  revocation_endpoint: z.string(),
});
const refusalSchema = z.object({ error: z.string() });

/**
 * Reads the address of a gateway.
 *
 * @returns its origin. @throws UsageError for what is none, and for plain http beside loopback: tokens would be sent for all to read.
 */
export function parseGatewayUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new UsageError('--url must be the address of a gateway, such as https://shop.example.');
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    throw new UsageError('--url must begin with https://: over http only a gateway on this machine is spoken to.');
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new UsageError('--url must be an origin alone, such as https://shop.example.');
  return url.origin;
}

/** Asks a gateway where its endpoints are. @throws UsageError where none answers, or one of another address. */
export async function discoverServer(url: string): Promise<OAuthServer> {
  const answer = await send(url, '/.well-known/oauth-authorization-server', {
    headers: { accept: 'application/json' },
  });
  if (answer.status === 404)
    throw new UsageError(`${url} has no OAuth provider: its configuration needs "oauthProvider".`);
  const parsed = documentSchema.safeParse(await readJson(url, answer));
  if (!answer.ok || !parsed.success)
    throw new UsageError(`${url} does not answer as a gateway does (${answer.status}).`);
  const document = parsed.data;
  // RFC 8414, section 3.3: a document of another issuer would send the tokens elsewhere.
  if (document.issuer !== url)
    throw new UsageError(`${url} says that its address is ${toPlainText(document.issuer)}. Use that one.`);
  if (document.device_authorization_endpoint === undefined)
    throw new UsageError(`${url} signs no devices in: its version is older than this command.`);
  const endpoints = {
    deviceEndpoint: document.device_authorization_endpoint,
    tokenEndpoint: document.token_endpoint,
    revocationEndpoint: document.revocation_endpoint,
  };
  for (const endpoint of Object.values(endpoints))
    if (URL.parse(endpoint)?.origin !== url) throw new UsageError(`${url} names an endpoint of another address.`);
  return { url, ...endpoints };
}

/** Posts a form to an endpoint. @throws UsageError where the gateway does not answer, or cannot. */
export async function postForm(
  url: string,
  endpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<OAuthReply> {
  const body = new URLSearchParams(form);
  const answer = await send(url, endpoint, { method: 'POST', body, headers: { accept: 'application/json' } });
  const json = await readJson(url, answer);
  if (answer.ok) return { kind: 'done', body: json };
  if (answer.status >= 500) throw new UsageError(`${url} cannot answer now (${answer.status}). Try again.`);
  const refusal = refusalSchema.safeParse(json);
  return {
    kind: 'refused',
    // What a server writes is shown on a terminal, which obeys some of it.
    error: refusal.success ? toPlainText(refusal.data.error) : `status ${answer.status}`,
    status: answer.status,
  };
}

/** Calls an address of the gateway. Redirects are not followed: a token must go nowhere else. */
export async function send(url: string, target: string, init: RequestInit): Promise<Response> {
  const address = URL.parse(target, url);
  if (address?.origin !== url) throw new UsageError(`An address that is not one of ${url} is not called.`);
  try {
    return await fetch(address, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
  } catch {
    throw new UsageError(`Nothing answers at ${url}. Is the gateway running? ("npm start" starts the demo.)`);
  }
}

/** Reads the body of an answer. @throws UsageError where it breaks off. */
export async function readText(url: string, answer: Response): Promise<string> {
  try {
    return await answer.text();
  } catch {
    throw new UsageError(`The answer of ${url} broke off. Try again.`);
  }
}

async function readJson(url: string, answer: Response): Promise<unknown> {
  const text = await readText(url, answer);
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
