import { sessionEventsPath, SallyportError, type SessionEvent } from '@sallyport/core';
import type { ServerResponse } from 'node:http';
import { stateForMount, type RequestState } from '../pipeline/request-state.ts';
import type { Mount } from '../routing/mount.ts';
import type { CachedSession, SessionCache } from '../sessions/session-cache.ts';
import { toSessionTimes } from './session-times.ts';
import { endSigns } from './stream-end.ts';
import type { Stream, StreamRegister } from './stream-register.ts';

/** Where a browser hears what becomes of its session. */
export const sessionEventsPlace = {
  name: 'session-events',
  prefix: sessionEventsPath,
  access: 'signed-in',
  slide: false,
} as const;

export interface SessionEventsParts {
  readonly cache: SessionCache;
  readonly streams: StreamRegister;
  readonly clock: () => number;
  /** After how long a stream ends, to be opened again by the browser. @default 15 minutes */
  readonly lifeMilliseconds?: number;
}

/** A reload of the configuration keeps what it replaced for as long as requests run under it. */
const lifeMilliseconds = 15 * 60_000;

/** How long a slow reader may take for the last event. */
const finalEventMilliseconds = 750;

/** What may wait for a slow reader before it is cut, in bytes. */
const maxBacklog = 16_384;

/**
 * Tells a browser of its own session, as server-sent events: `session` when the stream opens and whenever its authority
 * changed (roles, the organization, a step-up), `session-ended` at the end. It keeps no session alive.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html HTML, section 9.2}
 */
export function createSessionEventsMount(parts: SessionEventsParts): Mount {
  const { streams } = parts;
  return {
    ...sessionEventsPlace,
    handle: (request, response) => {
      if (request.url !== sessionEventsPath) throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
      if (request.method !== 'GET')
        throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: ['GET'] });
      const state = stateForMount(request);
      const { session } = state;
      if (session === undefined) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'no-session' });
      const stream = toStream(response, state, parts, session.principal.sid);
      streams.add(stream, state);
      const over = setTimeout(() => response.end(), parts.lifeMilliseconds ?? lifeMilliseconds);
      over.unref();
      response.once('close', () => {
        clearTimeout(over);
        streams.remove(stream);
      });
      response.socket?.setNoDelay(true);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(`retry: 2000\n\n${toEventText(session, parts.clock())}`);
    },
  };
}

function toStream(response: ServerResponse, state: RequestState, parts: SessionEventsParts, sid: string): Stream {
  const write = (text: string): void => {
    if (response.writableEnded) return;
    if (response.writableLength > maxBacklog) response.destroy();
    else response.write(text);
  };
  const tell = async (): Promise<void> => {
    const { session } = await parts.cache.findBySid(sid);
    if (session !== null) write(toEventText(session, parts.clock()));
  };
  return {
    quietSweeps: 0,
    beat: () => write(':\n\n'),
    // What cannot be read now is read again by the register, which ends the stream in time.
    changed: () => void tell().catch(() => {}),
    end: (as) => {
      state.reason = `stream-${as}`;
      response.end(endSigns[as].event ?? '');
      const cut = setTimeout(() => response.destroy(), finalEventMilliseconds);
      response.once('close', () => clearTimeout(cut));
      return true;
    },
  };
}

function toEventText(session: CachedSession, at: number): string {
  const { id, roles, org, orgRoles = [], acr, authTime } = session.principal;
  const event: SessionEvent = {
    status: 'signed-in',
    at: new Date(at).toISOString(),
    user: { id, roles },
    ...(org === undefined ? {} : { organization: { id: org, roles: orgRoles } }),
    session: { acr, authTime: authTime.toISOString(), ...toSessionTimes(session) },
  };
  return `event: session\ndata: ${JSON.stringify(event)}\n\n`;
}
