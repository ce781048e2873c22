import { SallyportError } from '../errors/sallyport-error.ts';

const bearerPattern = /^[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9\-._~+/]+=*)$/;

/**
 * Reads the token of an `Authorization` header: exactly one header, `Bearer`, one space, one token68.
 *
 * @returns the token, or `undefined` when there is no header at all.
 * @throws `SP_TOKEN_INVALID` for another scheme, several headers, or anything that is not a token68.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1 RFC 6750, section 2.1}
 */
export function parseBearerToken(header: string | readonly string[] | null | undefined): string | undefined {
  if (header === undefined || header === null) return undefined;
  if (typeof header !== 'string')
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'several-authorization-headers' });
  const token = bearerPattern.exec(header)?.[1];
  if (token === undefined) throw new SallyportError('SP_TOKEN_INVALID', { reason: 'not-a-bearer-token' });
  return token;
}
