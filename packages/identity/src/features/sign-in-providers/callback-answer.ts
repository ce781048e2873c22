import { readBytesWithin, SallyportError } from '@sallyport/core';
import { maximumBodyBytes } from '../../http/request-body.ts';

/** What a provider says at the callback: RFC 6749, section 4.1.2, RFC 9207, and the name that Apple posts. */
const known = ['code', 'state', 'error', 'iss', 'user'] as const;

/** Browsers keep 4,096 bytes of a cookie, its name and attributes among them. */
const maxCarriedLength = 3500;

/** The parameters of an answer that came in the address; `undefined` where the address has none. */
export function answerInAddress(url: string): URLSearchParams | undefined {
  return withKnown(new URL(url).searchParams);
}

/**
 * Reads an answer that the provider had the browser post from its own site (`response_mode=form_post`), for a cookie of
 * ours: the next request, which is a navigation of this site, has the cookie of the flow.
 *
 * @throws SallyportError `SP_MEDIA_TYPE_UNSUPPORTED`, `SP_BODY_TOO_LARGE`, `SP_REQUEST_AMBIGUOUS`.
 */
export async function readPostedAnswer(request: Request): Promise<string> {
  const form = await readForm(request);
  const carried = encode(withKnown(form) ?? new URLSearchParams());
  if (carried.length <= maxCarriedLength) return carried;
  // The name is worth less than the sign-in.
  form.delete('user');
  const short = encode(withKnown(form) ?? new URLSearchParams());
  if (short.length > maxCarriedLength) throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'callback-too-long' });
  return short;
}

/** The answer that such a cookie carries. */
export function answerInCookie(carried: string | undefined): URLSearchParams {
  if (carried === undefined || carried.length > maxCarriedLength) return new URLSearchParams();
  return withKnown(new URLSearchParams(Buffer.from(carried, 'base64url').toString('utf8'))) ?? new URLSearchParams();
}

/**
 * Reads a form. A member that comes twice could be read in two ways.
 *
 * @throws SallyportError `SP_MEDIA_TYPE_UNSUPPORTED`, `SP_BODY_TOO_LARGE`, `SP_REQUEST_AMBIGUOUS`.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED', { reason: 'not-a-form' });
  const bytes = await readBytesWithin(request.body, maximumBodyBytes);
  if (bytes === undefined) throw new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' });
  const form = new URLSearchParams(bytes.toString('utf8'));
  const names = [...form.keys()];
  if (new Set(names).size !== names.length)
    throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'repeated-parameter' });
  return form;
}

function withKnown(all: URLSearchParams): URLSearchParams | undefined {
  const found = new URLSearchParams();
  for (const name of known) {
    const value = all.get(name);
    if (value !== null) found.set(name, value);
  }
  return found.size === 0 ? undefined : found;
}

function encode(parameters: URLSearchParams): string {
  return Buffer.from(parameters.toString()).toString('base64url');
}
