import type { IncomingMessage } from 'node:http';
import { maximumTokenLength, SallyportError } from '@sallyport/core';

/** The longest body: a token of the greatest length, every character of it written as three, and a hint. */
export const maxFormBytes = maximumTokenLength * 3 + 1024;

const mediaType = /^application\/x-www-form-urlencoded(?:[ \t]*;.*)?$/i;
/** `URLSearchParams` takes what follows a lone `%` as it stands. */
const malformedEscape = /%(?![0-9A-Fa-f]{2})/;

/**
 * Reads the token of a form (RFC 7662 and RFC 7009, section 2.1). `token_type_hint` is a hint alone, and each kind of token
 * is known by its form: it is read for nothing but being there once. Parameters that are not known are ignored (RFC 6749,
 * section 3.2).
 *
 * Rejects with `SP_REQUEST_INVALID`, `SP_MEDIA_TYPE_UNSUPPORTED` or `SP_BODY_TOO_LARGE`.
 */
export async function readTokenForm(request: IncomingMessage): Promise<string> {
  if (!mediaType.test(request.headers['content-type'] ?? ''))
    throw new SallyportError('SP_MEDIA_TYPE_UNSUPPORTED', { reason: 'not-a-form' });
  const bytes = await readBody(request);
  return tokenOf(bytes.toString('latin1'));
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  request
    .on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxFormBytes) reject(new SallyportError('SP_BODY_TOO_LARGE', { reason: 'body-limit' }));
      else chunks.push(chunk);
    })
    .once('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
    .once('close', () => reject(invalid('body-cut-off')));
  return promise;
}

function tokenOf(text: string): string {
  if (malformedEscape.test(text)) throw invalid('escape-malformed');
  const form = new URLSearchParams(text);
  let count = 0;
  for (const _ of form.keys()) count += 1;
  if (new Set(form.keys()).size < count) throw invalid('repeated-parameter');
  // RFC 6749, section 2.3.1: credentials in a body end in logs of bodies. They are taken in a header.
  if (form.has('client_secret')) throw invalid('client-secret-in-body');
  const token = form.get('token');
  if (token === null || token === '')
    throw new SallyportError('SP_REQUEST_INVALID', {
      reason: 'token-missing',
      errors: [{ field: 'token', message: 'is missing' }],
    });
  if (token.length > maximumTokenLength) throw invalid('token-too-long');
  return token;
}

function invalid(reason: string): SallyportError {
  return new SallyportError('SP_REQUEST_INVALID', { reason });
}
