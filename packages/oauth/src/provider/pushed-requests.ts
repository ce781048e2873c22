import { errors, type AdapterPayload } from 'oidc-provider';
import { decodeJwt } from 'jose';
import { isServedResponseMode, responseModeProblem } from './response-modes.ts';

/**
 * Refuses a pushed request (RFC 9126) for an answer in a way that there is not: what it asks for is in no query, where the
 * authorization endpoint looks.
 */
export function requireServedRequest({ request }: AdapterPayload): void {
  const { response_mode: mode } = typeof request === 'string' ? decodeJwt(request) : {};
  if (!isServedResponseMode(mode)) throw new errors.InvalidRequest(responseModeProblem);
}

/** What is answered to all but the first that use a pushed request (RFC 9126, section 4). */
export function pushedRequestUsed(): Error {
  return new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
}
