import * as z from 'zod';
import { isLoopbackHost } from '../sessions/session-cookie.ts';

/** The origin that browsers see. Plain http only on loopback: a session cookie is never sent in clear. */
export const publicOriginSchema = z
  .string()
  .refine(isPublicOrigin, 'must be an origin without a path: https, or plain http on loopback')
  .describe('Origin that the browser sees; issuer, links and the session cookie follow from it');

function isPublicOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { href, origin, protocol, hostname } = new URL(text);
  // The text of an URL with an empty query or fragment is longer.
  const isOrigin = href === `${origin}/`;
  return isOrigin && (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname)));
}
