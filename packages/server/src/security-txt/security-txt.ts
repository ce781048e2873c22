import { SallyportError } from '@sallyport/core';
import type { Mount } from '@sallyport/gateway';
import { securityTxtPlace } from '../mount-places.ts';
import type { SecurityTxt } from './security-txt-schema.ts';

const dayMilliseconds = 86_400_000;

/**
 * Writes `security.txt`. It expires at a midnight in UTC, so that it is the same for a day.
 *
 * @param publicUrl origin that the browser sees; `Canonical` names it.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9116#section-2.5 RFC 9116, section 2.5}
 */
export function toSecurityTxt(settings: SecurityTxt, publicUrl: string, now: Date): string {
  const { contact, policy, encryption, acknowledgments, hiring, languages, validDays } = settings;
  const today = Math.floor(now.getTime() / dayMilliseconds);
  const fields: readonly (readonly [name: string, value: string | undefined])[] = [
    ...contact.map((uri) => ['Contact', uri] as const),
    ['Expires', new Date((today + validDays) * dayMilliseconds).toISOString()],
    ['Encryption', encryption],
    ['Acknowledgments', acknowledgments],
    ['Preferred-Languages', languages.length === 0 ? undefined : languages.join(', ')],
    ['Canonical', new URL(securityTxtPlace.prefix, publicUrl).href],
    ['Policy', policy],
    ['Hiring', hiring],
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`])).join('');
}

/** Serves `security.txt` at its well-known address. Throws `SP_METHOD_NOT_ALLOWED` for everything but GET and HEAD. */
export function createSecurityTxtMount(
  settings: SecurityTxt,
  publicUrl: string,
  now: () => Date = () => new Date(),
): Mount {
  return {
    ...securityTxtPlace,
    handle({ method, url = '' }, response) {
      if (url.split('?', 1)[0] !== securityTxtPlace.prefix)
        throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (method !== 'GET' && method !== 'HEAD')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET', 'HEAD'] });
      const text = toSecurityTxt(settings, publicUrl, now());
      response.writeHead(200, {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': Buffer.byteLength(text),
        'cache-control': 'public, max-age=3600',
      });
      response.end(method === 'HEAD' ? undefined : text);
    },
  };
}
