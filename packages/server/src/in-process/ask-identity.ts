import { isErrorCode, SallyportError, type ErrorCode, type FieldError, type RequestContext } from '@sallyport/core';
import type { Identity } from '@sallyport/identity';

/** What identity answered, where it was no refusal. */
export interface IdentityAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly cookies: readonly string[];
}

/** What a route of identity is asked with. */
export interface IdentityQuestion {
  readonly path: string;
  readonly body?: object | undefined;
  readonly headers?: Headers | undefined;
}

/** Posts to a route of identity, which answers in this process as it answers the gateway. */
export type AskIdentity = (question: IdentityQuestion, context: RequestContext) => Promise<IdentityAnswer>;

/**
 * Builds the way in which code of this process uses the routes of identity: what they check, hold back and note is the same
 * as for a caller over HTTP. A refusal becomes the `SallyportError` that it was made of.
 */
export function createAskIdentity(app: Identity['app'], publicUrl: string): AskIdentity {
  return async ({ path, body, headers = new Headers() }, context) => {
    if (body !== undefined) headers.set('content-type', 'application/json');
    const init = { method: 'POST', headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await app.fetch(new Request(new URL(path, publicUrl), init), { context });
    const answer = { body: await readObject(response), cookies: response.headers.getSetCookie() };
    if (response.ok) return answer;
    const { code } = answer.body;
    if (typeof code !== 'string' || !isErrorCode(code))
      throw new SallyportError('SP_INTERNAL', { reason: 'identity-without-code' });
    throw toError(code, response.headers, answer.body);
  };
}

async function readObject(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = await response.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {};
}

/** All members were written by identity in this process. */
function toError(code: ErrorCode, headers: Headers, body: Readonly<Record<string, unknown>>): SallyportError {
  const { errors, mfa_token: mfaToken, methods, expires_in: expiresInSeconds } = body;
  const retryAfterSeconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new SallyportError(code, {
    reason: 'identity-refused',
    ...(Array.isArray(errors) ? { errors: errors as readonly FieldError[] } : {}),
    ...(Number.isFinite(retryAfterSeconds) ? { retryAfterSeconds } : {}),
    ...(typeof mfaToken === 'string' && Array.isArray(methods)
      ? { secondFactor: { mfaToken, methods: methods.map(String), expiresInSeconds: Number(expiresInSeconds) } }
      : {}),
  });
}
