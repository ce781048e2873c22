import { hasRepeatedMember } from '@sallyport/core';
import { SallyportHttpException } from './errors/sallyport-http-exception.ts';

/**
 * Refuses JSON that can be read in two ways: an object that names a member twice, of which one reader takes the first and
 * another the last, and a member `__proto__`. It is the `verify` of a JSON body parser of Express. What is no JSON at all
 * is left to the parser.
 *
 * @throws SallyportError `SP_JSON_MALFORMED`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259#section-4 RFC 8259, section 4}
 * @example
 * const app = await NestFactory.create<NestExpressApplication>(AppModule);
 * const options = { limit: '100kb', verify: refuseAmbiguousJson };
 * app.useBodyParser('json', options);
 */
export function refuseAmbiguousJson(_request: unknown, _response: unknown, body: Uint8Array): void {
  const text = new TextDecoder().decode(body);
  let hasPrototype = false;
  try {
    JSON.parse(text, (name, value: unknown) => {
      hasPrototype ||= name === '__proto__';
      return value;
    });
  } catch {
    return;
  }
  if (hasPrototype) throw new SallyportHttpException('SP_JSON_MALFORMED', { reason: 'prototype-member' });
  if (hasRepeatedMember(text)) throw new SallyportHttpException('SP_JSON_MALFORMED', { reason: 'repeated-member' });
}
