import { sessionExtensionPath, SallyportError, type SessionDirectory } from '@sallyport/core';
import { stateForMount } from '../pipeline/request-state.ts';
import type { Mount } from '../routing/mount.ts';
import { toSessionTimes } from './session-times.ts';

/** Where a user who is still there says so. */
export const sessionExtensionPlace = {
  name: 'session-extension',
  prefix: sessionExtensionPath,
  access: 'signed-in',
  slide: false,
} as const;

/**
 * Keeps a session alive because its user asked for it: the answer to the warning before it expires. Resolves when the new
 * expiry is written, and says what it is. Never beyond the absolute expiry.
 */
export function createSessionExtensionMount(sessions: Pick<SessionDirectory, 'recordActivity'>): Mount {
  return {
    ...sessionExtensionPlace,
    bodyBytes: 0,
    handle: async (request, response) => {
      const { session, at } = stateForMount(request);
      if (request.url !== sessionExtensionPath) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'POST')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['POST'] });
      if (session === undefined) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-session' });
      await sessions.recordActivity(session.principal.sid, new Date(at));
      session.activityRecordedAt = at;
      session.idleExpiresAt = Math.min(at + session.idleMilliseconds, session.absoluteExpiresAt);
      const body = JSON.stringify(toSessionTimes(session));
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
      });
      response.end(body);
    },
  };
}
