import { internalRevocationsPath, SallyportError } from '@sallyport/core';
import type { Mount } from '../routing/mount.ts';
import type { RevocationFeed } from './revocation-feed.ts';

/**
 * Tells services what loses authority, as server-sent events. On the internal listener only, where, like the keys, it
 * needs no credential.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html HTML, section 9.2}
 */
export function createRevocationsMount(feed: RevocationFeed): Mount {
  return {
    name: 'revocations',
    prefix: internalRevocationsPath,
    access: 'public',
    slide: false,
    handle: (request, response) => {
      if (request.url !== internalRevocationsPath) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'GET')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET'] });
      const lastEventId = request.headers['last-event-id'];
      response.setHeader('content-type', 'text/event-stream');
      response.setHeader('cache-control', 'no-store');
      const end = feed.subscribe(response, typeof lastEventId === 'string' ? lastEventId : undefined);
      if (end === undefined) {
        response.removeHeader('content-type');
        throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'too-many-subscribers' });
      }
      response.socket?.setNoDelay(true);
      // A service that is gone without a word is noticed, and makes room.
      response.socket?.setKeepAlive(true, keepAliveMilliseconds);
      response.once('close', end);
    },
  };
}

const keepAliveMilliseconds = 15_000;
