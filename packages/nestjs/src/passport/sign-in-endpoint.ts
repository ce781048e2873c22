import { isErrorCode, OptionsError, readBytesWithin, SallyportError } from '@sallyport/core';

/** How a service lets Sallyport check passwords that come to its own route. */
export interface LocalStrategyOptions {
  /** Public address of the gateway, whose configuration has `firstPartyTokens`: `https://app.example.com`. */
  readonly publicUrl: string;
  /** Member of the body that holds the email address. @default 'username' */
  readonly usernameField?: string;
  /** Member of the body that holds the password. @default 'password' */
  readonly passwordField?: string;
  /** @default 15000 */
  readonly timeoutMilliseconds?: number;
  /** Sends the request; an application that runs identity itself hands it over in the process. @default fetch */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** What a sign-in gives (RFC 6749, section 5.1). */
export interface SignedInTokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

/** What became of a sign-in. */
export type SignInOutcome =
  | { readonly kind: 'signed-in'; readonly tokens: SignedInTokens }
  /** The password was right and a second factor is due: the caller needs all of the body. */
  | { readonly kind: 'second-factor'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly error: SallyportError };

/** Asks the gateway for tokens of a user. */
export type SignInEndpoint = (email: string, password: string) => Promise<SignInOutcome>;

const maxAnswerBytes = 65_536;

/**
 * Builds it. A redirect is never followed: it would send the password on to wherever it leads.
 *
 * @throws OptionsError for an address that is none, or plain http away from loopback.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5 RFC 6749, section 5}
 */
export function createSignInEndpoint(options: LocalStrategyOptions): SignInEndpoint {
  const { publicUrl, timeoutMilliseconds = 15_000, fetch: send = fetch } = options;
  const url = `${requireOrigin(publicUrl)}/auth/token`;

  return async (email, password) => {
    try {
      const answer = await send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ email, password }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      return toOutcome(answer, await readBody(answer));
    } catch (cause) {
      return { kind: 'refused', error: unavailable('gateway-away', cause) };
    }
  };
}

async function readBody(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readBytesWithin(answer.body, maxAnswerBytes);
  const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof body !== 'object' || body === null) throw new Error('the answer is no object');
  return body as Readonly<Record<string, unknown>>; // Each member is checked where it is read.
}

function toOutcome(answer: Response, body: Readonly<Record<string, unknown>>): SignInOutcome {
  if (answer.status === 200) {
    if (isTokens(body)) return { kind: 'signed-in', tokens: body };
    return { kind: 'refused', error: unavailable('no-tokens') };
  }
  if (body['error'] === 'mfa_required') return { kind: 'second-factor', body };
  const { code } = body;
  // What says no code is not the gateway, or has no tokens to give.
  if (typeof code !== 'string' || !isErrorCode(code) || code === 'SP_NOT_FOUND')
    return { kind: 'refused', error: unavailable('no-sign-in-there') };
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  const options = Number.isInteger(retryAfter) ? { retryAfterSeconds: retryAfter } : {};
  return { kind: 'refused', error: new SallyportError(code, options) };
}

function isTokens(body: object): body is SignedInTokens {
  return (
    'access_token' in body &&
    typeof body.access_token === 'string' &&
    'refresh_token' in body &&
    typeof body.refresh_token === 'string'
  );
}

function unavailable(reason: string, cause?: unknown): SallyportError {
  return new SallyportError('SP_SERVICE_UNAVAILABLE', { reason, ...(cause === undefined ? {} : { cause }) });
}

/** A password must not travel in clear, save within one machine. */
function requireOrigin(publicUrl: string): string {
  const parsed = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  const isSafe = parsed !== undefined && (parsed.protocol === 'https:' || isLoopback(parsed));
  if (isSafe) return parsed.origin;
  throw new OptionsError('The publicUrl of the local strategy must be https, or http on loopback');
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
